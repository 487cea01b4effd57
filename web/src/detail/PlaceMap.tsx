import { Suspense, lazy } from "react";
import type { Item, Type } from "../api/types";
import { formatPoint, isArea, isPoint } from "../kit/format";
import { Loading } from "../kit/states";
import { Section } from "../kit/Page";
import { areaAt } from "../map/geometry";
import { useAreas } from "../map/useAreas";
import { useText } from "../text";
import { itemTitle } from "../types/declared";

const MapCanvas = lazy(async () => ({ default: (await import("../map/MapCanvas")).MapCanvas }));

/** Where an item is, on the map and in words; nothing for items without a place. */
export function PlaceMap({ type, item }: { type: Type; item: Item }) {
  const text = useText();
  const { t } = text;
  const areas = useAreas();
  const name = type.point_field ?? type.fields.find((field) => field.type === "point")?.name;
  const point = name === undefined ? undefined : item.fields[name];
  const own = type.fields
    .filter((field) => field.type === "area")
    .map((field) => item.fields[field.name])
    .filter(isArea);
  if (!isPoint(point) && own.length === 0) return null;
  const county = isPoint(point) ? areaAt(areas.data, point)?.properties.title : undefined;
  return (
    <Section title={t.item.location}>
      <Suspense fallback={<Loading rows={5} />}>
        <MapCanvas
          label={t.item.location}
          areas={areas.data}
          shapes={own}
          points={
            isPoint(point) ? [{ id: item.id, type: item.type, ...point, light: item.case?.light, title: itemTitle(item, type, text) }] : []
          }
          fitPoints
          height={260}
        />
      </Suspense>
      {isPoint(point) ? (
        <p className="cs-help cs-number">
          {formatPoint(point)} {county ? t.place.inside(county) : ""}
        </p>
      ) : null}
    </Section>
  );
}
