import type { Field, Item, Type } from "../api/types";

/** Where a value stands: a page, and a box in shares of its width and height. */
export interface Place {
  page: number;
  x: number;
  y: number;
  width: number;
  height: number;
}

/** A value as it was found on a page, or as a record points at it. */
export interface Found {
  field: string;
  value: string;
  raw: string;
  confidence: number;
  why: { zh: string; en: string };
  place?: Place;
}

/** A value as its checker leaves it. */
export interface Checked {
  value: string;
  confirmed: boolean;
  place?: Place;
}

export interface ScannedPage {
  page: number;
  file: string;
  name: string;
  width: number;
  height: number;
  turned?: number;
  image: string;
}

export interface ScannedPages {
  record?: string;
  sure?: number;
  items: ScannedPage[];
}

const placeParts = ["field", "page", "x", "y", "width", "height"];

function listWith(type: Type, part: string): Field | undefined {
  return type.fields.find((field) => field.type === "list" && [...placeParts, part].every((name) => field.fields?.some((sub) => sub.name === name)));
}

/** The list of a type that says where values stand on scanned pages, if it has one. */
export const placesOf = (type: Type) => listWith(type, "confidence");

/** The list that a checker fills in. */
export const checkedOf = (type: Type) => listWith(type, "confirmed");

/** The case without the actions that are taken beside the page: a form in a dialog shows no page. */
export function withoutChecking(type: Type, item: Item): Item {
  const list = checkedOf(type);
  if (!list || !item.case) return item;
  return { ...item, case: { ...item.case, actions: item.case.actions?.filter((action) => !action.form?.some((entry) => entry.field === list.name)) } };
}

export function foundOf(item: Item, list: Field | undefined): Found[] {
  const rows = list ? item.fields[list.name] : undefined;
  if (!Array.isArray(rows)) return [];
  return rows.flatMap((row) => {
    if (typeof row !== "object" || row === null) return [];
    const of = row as Record<string, unknown>;
    const text = (name: string) => (typeof of[name] === "string" ? of[name] : "");
    const place = { page: Number(of.page ?? 0), x: Number(of.x ?? 0), y: Number(of.y ?? 0), width: Number(of.width ?? 0), height: Number(of.height ?? 0) };
    return {
      field: text("field"),
      value: text("value"),
      raw: text("raw"),
      confidence: Number(of.confidence ?? 0),
      why: { zh: text("why"), en: text("why_en") || text("why") },
      place: place.page > 0 && place.width > 0 ? place : undefined,
    };
  });
}

export const isSure = (found: Found, sure: number) => !found.why.zh && found.confidence >= sure;

/** What a checker begins with: what is sure stands, the rest waits for their word. */
export function beginning(found: Found[], sure: number, before: Record<string, unknown>[]): Record<string, Checked> {
  return Object.fromEntries(
    found.map((one) => {
      const said = before.find((row) => row.field === one.field);
      const value = typeof said?.value === "string" ? said.value : said ? "" : one.value;
      const place = said?.page ? { page: Number(said.page), x: Number(said.x), y: Number(said.y), width: Number(said.width), height: Number(said.height) } : one.place;
      return [one.field, { value, confirmed: said?.confirmed === true || isSure(one, sure), place }];
    }),
  );
}

/** The list as it is sent. */
export function sent(checked: Record<string, Checked>): Record<string, unknown>[] {
  return Object.entries(checked).map(([field, { value, confirmed, place }]) => ({
    field,
    ...(value ? { value } : {}),
    confirmed,
    ...(place
      ? { page: place.page, x: place.x.toFixed(4), y: place.y.toFixed(4), width: place.width.toFixed(4), height: place.height.toFixed(4) }
      : {}),
  }));
}

/** The box between two points of a page, within it; none when it is too small to be meant. */
export function boxOf(page: number, from: { x: number; y: number }, to: { x: number; y: number }): Place | undefined {
  const within = (v: number) => Math.min(Math.max(v, 0), 1);
  const [left, right] = [within(Math.min(from.x, to.x)), within(Math.max(from.x, to.x))];
  const [top, bottom] = [within(Math.min(from.y, to.y)), within(Math.max(from.y, to.y))];
  if (right - left < 0.005 || bottom - top < 0.005) return undefined;
  return { page, x: left, y: top, width: right - left, height: bottom - top };
}
