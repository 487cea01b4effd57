import type { Area, Point } from "../api/types";

type Position = [number, number];

/** The polygon with these corners, closed as GeoJSON wants it; undefined below three. */
export function polygonOf(corners: Point[]): Area | undefined {
  if (corners.length < 3) return undefined;
  const ring = corners.map(({ lon, lat }): Position => [lon, lat]);
  return { type: "Polygon", coordinates: [[...ring, ring[0]]] };
}

/** The corners of an area that can be drawn here: one ring without holes. */
export function cornersOf(area: Area | undefined): Point[] | undefined {
  if (area?.type !== "Polygon" || area.coordinates.length !== 1) return undefined;
  const ring = area.coordinates[0] as Position[];
  return ring.slice(0, -1).map(([lon, lat]) => ({ lon, lat }));
}

/** Whether the border of the polygon crosses itself, so that it would have no inside. */
export function crossesItself(corners: Point[]): boolean {
  const sides = corners.map((corner, index): [Point, Point] => [corner, corners[(index + 1) % corners.length] ?? corner]);
  return sides.some(([a, b], i) => sides.some(([c, d], j) => j > i + 1 && !(i === 0 && j === sides.length - 1) && cross(a, b, c, d)));
}

function cross(a: Point, b: Point, c: Point, d: Point): boolean {
  return turn(a, b, c) * turn(a, b, d) < 0 && turn(c, d, a) * turn(c, d, b) < 0;
}

/** Above zero when the way from a over b to c turns left. */
function turn(a: Point, b: Point, c: Point): number {
  return (b.lon - a.lon) * (c.lat - a.lat) - (b.lat - a.lat) * (c.lon - a.lon);
}
