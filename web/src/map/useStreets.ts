import { useEffect, useState } from "react";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import type { Map as MapLibreMap } from "maplibre-gl";
import { get } from "../api/client";
import { keys } from "../api/keys";
import { withParams } from "../api/query";
import { pickLabel } from "../text";
import { isObject } from "../kit/format";
import { gridBox } from "./geometry";
import type { NamedPoint } from "./geometry";

/** From this zoom on the names of streets and towns are shown, and from the other those of villages too, where they have a place. */
export const streetZoom = 10.5;
export const villageZoom = 13;
const most = "200"; // labels in one view; more would cover each other

interface View {
  box: string;
  level: string;
}

/** The names around what the map shows, once it shows a county or less; they are read by boxes of a grid, and kept. */
export function useStreets(map: MapLibreMap | undefined): NamedPoint[] | undefined {
  const [view, setView] = useState<View>();
  useEffect(() => {
    if (!map) return;
    const look = () => setView((before) => same(before, viewOf(map)));
    look();
    map.on("moveend", look);
    return () => {
      map.off("moveend", look);
    };
  }, [map]);
  const { data } = useQuery({
    queryKey: keys.streets(view?.box ?? "", view?.level ?? ""),
    queryFn: async ({ signal }) => named(await get(withParams("/api/records/division", { format: "geojson", limit: most, ...view }), signal)),
    enabled: view !== undefined,
    staleTime: Number.POSITIVE_INFINITY,
    placeholderData: keepPreviousData,
  });
  return view === undefined ? undefined : data;
}

function viewOf(map: MapLibreMap): View | undefined {
  const zoom = map.getZoom();
  if (zoom < streetZoom) return undefined;
  const [[west, south], [east, north]] = map.getBounds().toArray();
  const near = zoom >= villageZoom;
  return { box: gridBox([west, south, east, north], near ? 0.05 : 0.25), level: near ? "street,village" : "street" };
}

function same(before: View | undefined, now: View | undefined): View | undefined {
  return before?.box === now?.box && before?.level === now?.level ? before : now;
}

/** The points of a GeoJSON list with their titles; what is none is left out. */
export function named({ features }: { features: unknown[] }): NamedPoint[] {
  return features.flatMap((feature) => {
    if (!isObject(feature) || !isObject(feature.geometry) || !isObject(feature.properties)) return [];
    const { type, coordinates } = feature.geometry;
    if (type !== "Point" || !Array.isArray(coordinates)) return [];
    const [lon, lat]: unknown[] = coordinates;
    const title = pickLabel("zh", feature.properties.title as never);
    return typeof lon === "number" && typeof lat === "number" && title ? [{ lon, lat, title }] : [];
  });
}
