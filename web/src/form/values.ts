import type { Area, Field, Fields, Label, Point, StoredFile, Value } from "../api/types";
import { isArea, isFile, isObject, isPoint } from "../kit/format";
import { fromTimeInput, toTimeInput } from "../kit/time";
import type { Entry } from "../types/declared";
import type { Dictionary } from "../text/zh";

/**
 * What stands in a control while it is being filled in. Numbers, dates, times and areas are the text typed, so that half a number can
 * stand there; choices and references are their values, one or several.
 */
export type Raw = string | boolean | string[] | Point | StoredFile[] | RawRow[] | undefined;
export type RawRow = Record<string, Raw>;

export type Converted = { value: Value | undefined } | { error: string };

const defaultScale = 2;

/** The value of the API as the control shows it. */
export function toRaw(field: Field, value: Value | undefined): Raw {
  if (value === undefined || value === null) return emptyRaw(field);
  if (field.type === "file") return (Array.isArray(value) ? value : [value]).filter(isFile);
  if (field.type === "list")
    return Array.isArray(value) ? value.filter(isObject).map((row) => rawRow(field.fields ?? [], row as Fields)) : [];
  if (field.type === "point") return isPoint(value) ? value : undefined;
  if (field.type === "area") return JSON.stringify(value);
  if (field.type === "boolean") return value === true;
  if (field.many) return Array.isArray(value) ? value.map((one) => rawText(field, one)) : [rawText(field, value)];
  return rawText(field, value);
}

export function emptyRaw(field: Field): Raw {
  if (field.type === "file" || field.type === "list") return [];
  if (field.type === "point" || field.type === "boolean") return undefined;
  return field.many ? [] : "";
}

export function rawRow(fields: Field[], values: Fields): RawRow {
  return Object.fromEntries(
    fields.filter((field) => !field.computed).map((field) => [field.name, toRaw(field, values[field.name] ?? field.default)]),
  );
}

function rawText(field: Field, value: Value): string {
  return field.type === "time" ? toTimeInput(String(value)) : String(value);
}

export function isBlank(raw: Raw): boolean {
  return raw === undefined || raw === "" || (typeof raw === "string" && raw.trim() === "") || (Array.isArray(raw) && raw.length === 0);
}

/** What the control holds as the API takes it; undefined for nothing. Errors are sentences for the user. */
export function fromRaw(field: Field, raw: Raw, t: Dictionary): Converted {
  if (isBlank(raw)) return { value: undefined };
  if (field.type === "list") return convertRows(field, raw, t);
  if (field.type === "file") return { value: fileValue(field, raw) };
  if (field.type === "boolean") return { value: raw === true };
  if (field.type === "point") return isObject(raw) ? { value: raw as unknown as Point } : { value: undefined };
  if (!Array.isArray(raw)) return convertText(field, String(raw), t);
  const values: Value[] = [];
  for (const one of raw) {
    const converted = convertText(field, String(one), t);
    if ("error" in converted) return converted;
    if (converted.value !== undefined) values.push(converted.value);
  }
  return { value: values };
}

function fileValue(field: Field, raw: Raw): Value {
  const files = (Array.isArray(raw) ? raw : []) as StoredFile[];
  const plain = files.map(({ id, name, size, media }) => ({ id, name, size, media }));
  return field.many ? plain : (plain[0] ?? null);
}

function convertText(field: Field, typed: string, t: Dictionary): Converted {
  const text = typed.trim();
  switch (field.type) {
    case "integer":
      return convertInteger(field, text, t);
    case "decimal":
      return convertDecimal(field, text, t);
    case "date":
      return isDate(text) ? { value: text } : { error: t.form.dateMessage };
    case "time": {
      const time = fromTimeInput(text);
      return time === undefined ? { error: t.form.dateMessage } : { value: time };
    }
    case "area":
      return convertArea(text, t);
    case "text":
      return convertWords(field, text, t);
    default:
      return { value: text };
  }
}

function isDate(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const at = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(at.getTime()) && at.toISOString().startsWith(text);
}

function convertInteger(field: Field, text: string, t: Dictionary): Converted {
  const value = Number(text);
  if (!/^[+-]?\d+$/.test(text) || !Number.isSafeInteger(value)) return { error: t.form.integerMessage };
  return withinBounds(field, value, t) ?? { value };
}

/** Decimals stay text all the way, so that no digit is lost to binary fractions. */
function convertDecimal(field: Field, text: string, t: Dictionary): Converted {
  const scale = field.scale ?? defaultScale;
  const match = /^[+-]?\d+(?:\.(\d+))?$/.exec(text);
  if (match === null || (match[1]?.length ?? 0) > scale) return { error: t.form.decimalMessage(scale) };
  return withinBounds(field, Number(text), t) ?? { value: text.replace(/^\+/, "") };
}

function withinBounds(field: Field, value: number, t: Dictionary): { error: string } | undefined {
  if (field.min !== undefined && value < field.min) return { error: t.form.minMessage(field.min) };
  if (field.max !== undefined && value > field.max) return { error: t.form.maxMessage(field.max) };
  return undefined;
}

function convertWords(field: Field, text: string, t: Dictionary): Converted {
  // Characters, not UTF-16 units: a rare ideograph counts once.
  if (field.max !== undefined && [...text].length > field.max) return { error: t.form.lengthMessage(field.max) };
  if (field.pattern !== undefined && !matches(field.pattern, text)) return { error: t.form.patternMessage };
  return { value: text };
}

function matches(pattern: string, text: string): boolean {
  try {
    return new RegExp(`^(?:${pattern})$`, "u").test(text);
  } catch {
    return true; // a pattern in the server's own dialect: the server checks it
  }
}

function convertArea(text: string, t: Dictionary): Converted {
  try {
    const parsed = JSON.parse(text) as Value;
    const area = isObject(parsed) && parsed.type === "Feature" ? (parsed.geometry as Value) : parsed;
    if (isArea(area)) return { value: { type: area.type, coordinates: area.coordinates } satisfies Area };
  } catch {
    // not JSON
  }
  return { error: t.form.areaMessage };
}

function convertRows(field: Field, raw: Raw, t: Dictionary): Converted {
  const inner = (field.fields ?? []).filter((one) => !one.computed);
  const rows: Value[] = [];
  for (const row of (Array.isArray(raw) ? raw : []) as RawRow[]) {
    const converted: { [name: string]: Value } = {};
    for (const one of inner) {
      const result = fromRaw(one, row[one.name], t);
      if ("error" in result) return { error: `${t.form.itemTitle(rows.length + 1)} ${one.title.zh}: ${result.error}` };
      if (result.value !== undefined) converted[one.name] = result.value;
      else if (one.required) return { error: `${t.form.itemTitle(rows.length + 1)} ${t.form.requiredMessage(one.title.zh)}` };
    }
    rows.push(converted);
  }
  return { value: rows };
}

export interface Collected {
  fields: Fields;
  note: string | undefined;
  /** By entry name, in the order of the form. */
  errors: Map<string, string>;
}

/** Converts a whole form. What was emptied is sent as null when it had a value before, and left out otherwise. */
export function collect(entries: Entry[], raws: RawRow, before: Fields, t: Dictionary, titleOf: (label: Label) => string): Collected {
  const collected: Collected = { fields: {}, note: undefined, errors: new Map() };
  for (const { name, field, required, note } of entries) {
    const result = fromRaw(field, raws[name], t);
    if ("error" in result) collected.errors.set(name, result.error);
    else if (result.value === undefined && required) collected.errors.set(name, t.form.requiredMessage(titleOf(field.title)));
    else if (note) collected.note = typeof result.value === "string" ? result.value : undefined;
    else if (result.value !== undefined) collected.fields[name] = result.value;
    else if (before[name] !== undefined && before[name] !== null) collected.fields[name] = null;
  }
  return collected;
}

/** Of the fields collected only those that differ from what was there, for a revision. */
export function changedFields(fields: Fields, before: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([name, value]) => !same(value, before[name])));
}

function same(a: Value | undefined, b: Value | undefined): boolean {
  return canonical(a) === canonical(b);
}

/** JSON with keys in order; the server need not keep the order in which we sent them. */
function canonical(value: Value | undefined): string {
  return JSON.stringify(value ?? null, (_, inner: unknown) =>
    isObject(inner) ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1))) : inner,
  );
}
