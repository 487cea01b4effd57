import type { Area, Point, StoredFile, Value } from "../api/types";

/** `1,234.5`: digits grouped by three in both languages. */
export function formatNumber(value: number | string | null | undefined): string {
  if (value === null || value === undefined || value === "") return "";
  if (typeof value === "string") return value;
  return new Intl.NumberFormat("en", { maximumFractionDigits: 2 }).format(value);
}

/** `1.5 MB`, in units of 1,024, as file managers show it. */
export function formatSize(bytes: number): string {
  const units = ["B", "KB", "MB", "GB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${Math.round(value * 10) / 10} ${units[unit]}`;
}

/** `38.04210, 114.51480`: latitude first, as people write it; five decimals are about a metre. */
export function formatPoint(point: Point): string {
  return `${point.lat.toFixed(5)}, ${point.lon.toFixed(5)}`;
}

export function isPoint(value: Value | undefined): value is Point {
  return isObject(value) && typeof value.lon === "number" && typeof value.lat === "number";
}

export function isFile(value: Value | undefined): value is StoredFile {
  return isObject(value) && typeof value.id === "string" && typeof value.media === "string";
}

export function isArea(value: Value | undefined): value is Area {
  return isObject(value) && (value.type === "Polygon" || value.type === "MultiPolygon") && Array.isArray(value.coordinates);
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

/** Number of positions in a polygon, to say something about it in words. */
export function positions(coordinates: unknown): number {
  if (!Array.isArray(coordinates)) return 0;
  if (typeof coordinates[0] === "number") return 1;
  return coordinates.reduce((sum: number, part: unknown) => sum + positions(part), 0);
}

/** The place where the bytes of a file can be had by someone who may read the record that holds it. */
export function fileHref(file: StoredFile, type: string, of: string): string {
  return `/api/files/${encodeURIComponent(file.id)}?${new URLSearchParams({ type, of }).toString()}`;
}

export function isImage(file: StoredFile): boolean {
  return file.media.startsWith("image/");
}
