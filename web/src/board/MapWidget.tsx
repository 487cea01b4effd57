import { Suspense, lazy, useMemo } from "react";
import { Link, useNavigate } from "@tanstack/react-router";
import type { MapData } from "../api/types";
import { DataTable } from "../kit/DataTable";
import { LightBadge } from "../kit/LightBadge";
import { Loading } from "../kit/states";
import { areaAt } from "../map/geometry";
import { useAreas } from "../map/useAreas";
import { itemHref, useFace } from "../shell/paths";
import { useText } from "../text";

const MapCanvas = lazy(async () => ({ default: (await import("../map/MapCanvas")).MapCanvas }));

export function MapWidget({ data, title, asTable }: { data: MapData; title: string; asTable: boolean }) {
  const face = useFace();
  const navigate = useNavigate();
  const areas = useAreas(data.areas);
  if (asTable) return <PointTable data={data} title={title} areas={areas.data} />;
  return (
    <Suspense fallback={<Loading rows={5} />}>
      <MapCanvas
        label={title}
        areas={areas.data}
        points={data.points}
        dark={face === "screen"}
        onOpen={(point) => void navigate({ to: itemHref(face, point.type, point.id) })}
      />
    </Suspense>
  );
}

function PointTable({ data, title, areas }: { data: MapData; title: string; areas: Parameters<typeof areaAt>[0] }) {
  const { t, pick } = useText();
  const face = useFace();
  const counties = useMemo(
    () => new Map(data.points.map((point) => [point.id, areaAt(areas, point)?.properties.title ?? t.map.outside])),
    [data.points, areas, t],
  );
  return (
    <DataTable
      compact
      caption={title}
      rows={data.points}
      rowKey={(point) => point.id}
      columns={[
        {
          key: "title",
          title: t.builtin.title,
          header: true,
          render: (point) => <Link to={itemHref(face, point.type, point.id)}>{pick(point.title) || point.id.slice(0, 8)}</Link>,
        },
        { key: "county", title: t.map.county, render: (point) => counties.get(point.id) },
        { key: "light", title: t.builtin.light, render: (point) => <LightBadge light={point.light} /> },
      ]}
    />
  );
}
