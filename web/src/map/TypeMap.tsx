import { useMemo } from "react";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { get } from "../api/client";
import { keys } from "../api/keys";
import { itemsPath, withParams } from "../api/query";
import type { ListParams } from "../api/query";
import type { Area, Label, Light, MapPoint, Type } from "../api/types";
import { DataTable } from "../kit/DataTable";
import { isObject } from "../kit/format";
import { Empty, Loaded } from "../kit/states";
import { itemHref, useFace } from "../shell/paths";
import { useText } from "../text";
import { MapCanvas } from "./MapCanvas";
import { countByArea } from "./geometry";
import { useAreas } from "./useAreas";

interface Found {
  points: MapPoint[];
  shapes: Area[];
  more: boolean;
}

const mostPages = 10; // of 200

/** Every item of a filtered list on the map, with the count by county beside it. */
export function TypeMap({ type, params }: { type: Type; params: ListParams }) {
  const text = useText();
  const { t, pick } = text;
  const face = useFace();
  const navigate = useNavigate();
  const areas = useAreas();
  const geo = useQuery({
    queryKey: keys.geo(type.kind, type.name, params),
    queryFn: ({ signal }) => loadAll(type, params, signal),
    placeholderData: keepPreviousData,
  });
  const counts = useMemo(() => countByArea(areas.data, geo.data?.points ?? []), [areas.data, geo.data]);
  return (
    <Loaded query={geo} rows={8}>
      {({ points, shapes, more }) => (
        <div className="cs-map-two">
          <MapCanvas
            label={pick(type.title)}
            areas={areas.data}
            points={points}
            shapes={shapes}
            height={600}
            onOpen={(point) => void navigate({ to: itemHref(face, point.type, point.id) })}
          />
          <div className="cs-stack">
            <p className="cs-muted cs-tight">{`${t.map.points(points.length)}${more ? ` +` : ""}`}</p>
            {points.length === 0 && shapes.length === 0 ? (
              <Empty title={t.map.noPoints} help={t.list.emptyFiltered} />
            ) : (
              <DataTable
                compact
                caption={t.map.county}
                rows={counts}
                rowKey={(row) => row.title}
                columns={[
                  { key: "title", title: t.map.county, header: true, render: (row) => row.title || t.map.outside },
                  { key: "count", title: t.map.countyCount, numeric: true, render: (row) => row.count },
                ]}
              />
            )}
          </div>
        </div>
      )}
    </Loaded>
  );
}

async function loadAll(type: Type, params: ListParams, signal: AbortSignal): Promise<Found> {
  const found: Found = { points: [], shapes: [], more: false };
  let after = "";
  for (let page = 0; page < mostPages; page++) {
    const { features, next } = await get<{ features: unknown[]; next?: string }>(
      withParams(itemsPath(type.kind, type.name), { ...params, format: "geojson", limit: "200", after }),
      signal,
    );
    for (const feature of features) addFeature(found, feature, type.name);
    if (!next) return found;
    after = next;
  }
  return { ...found, more: true };
}

const lightNames = new Set<unknown>(["green", "yellow", "red", "paused", "closed"]);

function addFeature(found: Found, feature: unknown, type: string): void {
  if (!isObject(feature) || !isObject(feature.geometry)) return;
  const properties = isObject(feature.properties) ? feature.properties : {};
  const { geometry } = feature;
  if (geometry.type === "Polygon" || geometry.type === "MultiPolygon") found.shapes.push(geometry as unknown as Area);
  if (geometry.type !== "Point" || !Array.isArray(geometry.coordinates)) return;
  const [lon, lat]: unknown[] = geometry.coordinates;
  if (typeof lon !== "number" || typeof lat !== "number") return;
  const light = lightNames.has(properties.light) ? (properties.light as Light) : undefined;
  found.points.push({
    id: String(feature.id ?? properties.id ?? ""),
    type,
    lon,
    lat,
    light,
    title: properties.title as Label | string | undefined,
  });
}
