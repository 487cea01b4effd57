import { useQuery } from "@tanstack/react-query";
import { get } from "../api/client";
import { keys } from "../api/keys";
import { pickLabel } from "../text";
import { isAreaFeature } from "./geometry";
import type { AreaFeature, Areas } from "./geometry";

interface Collection {
  features: unknown[];
  next?: string;
}

/** The counties' boundaries: the ground of every map here, and a sketch of them only. They change less often than any session lasts. */
export function useAreas(path = "/api/records/county-boundary?format=geojson") {
  return useQuery({
    queryKey: [...keys.areas, path],
    queryFn: async ({ signal }): Promise<Areas> => ({ type: "FeatureCollection", features: await allFeatures(path, signal) }),
    staleTime: Number.POSITIVE_INFINITY,
  });
}

async function allFeatures(path: string, signal: AbortSignal): Promise<AreaFeature[]> {
  const features: AreaFeature[] = [];
  let next: string | undefined;
  do {
    const page: Collection = await get(next ? `${path}&after=${encodeURIComponent(next)}` : path, signal);
    features.push(...page.features.filter(isAreaFeature).map(titled));
    next = page.next;
  } while (next);
  return features;
}

/** Titles are Chinese names; a label in two languages is brought down to its text. */
function titled(feature: AreaFeature): AreaFeature {
  return { ...feature, properties: { ...feature.properties, title: pickLabel("zh", feature.properties.title) } };
}
