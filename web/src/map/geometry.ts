import type { Area, Point } from "../api/types";
import { isObject } from "../kit/format";

/** A county or any other area of the map: its boundary and its name. */
export interface AreaFeature {
  type: "Feature";
  id?: string | number;
  geometry: Area;
  properties: { title: string } & Record<string, unknown>;
}

export interface Areas {
  type: "FeatureCollection";
  features: AreaFeature[];
  next?: string;
}

type Ring = [number, number][];

/** All rings of an area, outer ones and holes alike. */
function rings(area: Area): Ring[] {
  return area.type === "Polygon" ? (area.coordinates as Ring[]) : (area.coordinates as Ring[][]).flat();
}

/** Whether a point is within an area; by the even-odd rule, so holes are outside and islands inside. */
export function contains(area: Area, { lon, lat }: Point): boolean {
  let inside = false;
  for (const ring of rings(area)) {
    for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
      const [ax, ay] = ring[i] ?? [0, 0];
      const [bx, by] = ring[j] ?? [0, 0];
      if (ay > lat !== by > lat && lon < ((bx - ax) * (lat - ay)) / (by - ay) + ax) inside = !inside;
    }
  }
  return inside;
}

/** The area that holds the point. */
export function areaAt(areas: Areas | undefined, point: Point): AreaFeature | undefined {
  return areas?.features.find((feature) => contains(feature.geometry, point));
}

function signedArea(ring: Ring): number {
  let sum = 0;
  for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
    const [ax, ay] = ring[j] ?? [0, 0];
    const [bx, by] = ring[i] ?? [0, 0];
    sum += ax * by - bx * ay;
  }
  return sum / 2;
}

/** Where to write an area's name: the centroid of its largest ring. In degrees, which is good enough within a county. */
export function labelPoint(area: Area): Point {
  const outer = area.type === "Polygon" ? [rings(area)[0] ?? []] : (area.coordinates as Ring[][]).map((polygon) => polygon[0] ?? []);
  const largest = outer.reduce((best, ring) => (Math.abs(signedArea(ring)) > Math.abs(signedArea(best)) ? ring : best), outer[0] ?? []);
  const size = signedArea(largest);
  if (size === 0) return { lon: largest[0]?.[0] ?? 0, lat: largest[0]?.[1] ?? 0 };
  let lon = 0;
  let lat = 0;
  for (let i = 0, j = largest.length - 1; i < largest.length; j = i++) {
    const [ax, ay] = largest[j] ?? [0, 0];
    const [bx, by] = largest[i] ?? [0, 0];
    const cross = ax * by - bx * ay;
    lon += (ax + bx) * cross;
    lat += (ay + by) * cross;
  }
  return { lon: lon / (6 * size), lat: lat / (6 * size) };
}

export type Bounds = [west: number, south: number, east: number, north: number];

/** The box around areas and points; undefined when there is nothing to go round. */
export function boundsOf(areas: Area[], points: Point[] = []): Bounds | undefined {
  const positions = [...areas.flatMap((area) => rings(area).flat()), ...points.map(({ lon, lat }): [number, number] => [lon, lat])];
  if (positions.length === 0) return undefined;
  let bounds: Bounds = [180, 90, -180, -90];
  for (const [lon, lat] of positions)
    bounds = [Math.min(bounds[0], lon), Math.min(bounds[1], lat), Math.max(bounds[2], lon), Math.max(bounds[3], lat)];
  return bounds;
}

/** A place with its name. */
export interface NamedPoint extends Point {
  title: string;
}

/** Bounds widened to a grid of `step` degrees, as lists take a box: neighbouring views then ask for the same one. */
export function gridBox([west, south, east, north]: Bounds, step: number): string {
  const onGrid = (degrees: number, round: (n: number) => number) => Number((round(degrees / step) * step).toFixed(6));
  return [onGrid(west, Math.floor), onGrid(south, Math.floor), onGrid(east, Math.ceil), onGrid(north, Math.ceil)].join(",");
}

export interface AreaCount {
  title: string;
  count: number;
}

/** How many points fall into each area, most first; those in none are counted under an empty title. */
export function countByArea(areas: Areas | undefined, points: Point[]): AreaCount[] {
  const counts = new Map<string, number>();
  for (const point of points) {
    const title = areaAt(areas, point)?.properties.title ?? "";
    counts.set(title, (counts.get(title) ?? 0) + 1);
  }
  return [...counts].map(([title, count]) => ({ title, count })).sort((a, b) => b.count - a.count || a.title.localeCompare(b.title));
}

/** Narrow check of what a GeoJSON list returned. */
export function isAreaFeature(value: unknown): value is AreaFeature {
  return (
    isObject(value) &&
    isObject(value.geometry) &&
    (value.geometry.type === "Polygon" || value.geometry.type === "MultiPolygon") &&
    isObject(value.properties)
  );
}
