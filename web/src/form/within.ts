import { useType } from "../api/queries";
import type { Field, Item } from "../api/types";
import type { Entry } from "../types/declared";
import type { FormState } from "./useFormState";
import type { Raw } from "./values";

/** Which fields a reference to fields may name. */
export interface Within {
  /** The resource whose fields they are; empty until one is chosen. */
  resource: string;
  /** Of a second list of fields: those that the first chooses, of which only the personal ones are offered. */
  chosen?: string[];
}

/** Several fields are chosen in a table, with a box for each. */
export function isFieldTable(field: Field): boolean {
  return field.type === "reference" && field.ref === "field" && field.many === true;
}

/** The resource that the form names, or that the record or case already does. */
export function useResource(entries: Entry[], state: FormState, item: Item | undefined): string {
  const asked = entries.find(({ field }) => field.ref === "resource");
  const type = useType(asked ? undefined : item?.type);
  const kept = type.data?.fields.find(({ ref }) => ref === "resource");
  const value = asked ? state.raws[asked.name] : item?.fields[kept?.name ?? ""];
  return typeof value === "string" ? value : "";
}

export function withinOf(entries: Entry[], state: FormState, entry: Entry, resource: string): Within | undefined {
  if (entry.field.ref !== "field") return undefined;
  const first = entries.find(({ field }) => isFieldTable(field));
  if (!isFieldTable(entry.field) || first === undefined || first === entry) return { resource };
  return { resource, chosen: texts(state.raws[first.name]) };
}

/** Changes a line, and what it makes void: another resource has other fields, and what is not chosen is not narrowed further. */
export function changeWith(entries: Entry[], state: FormState, entry: Entry, raw: Raw): void {
  state.set(entry.name, raw);
  const fields = entries.filter(({ field }) => field.ref === "field");
  if (entry.field.ref === "resource") for (const { name, field } of fields) state.set(name, field.many ? [] : "");
  const tables = fields.filter(({ field }) => isFieldTable(field));
  if (tables[0] !== entry) return;
  const chosen = texts(raw);
  for (const { name } of tables.slice(1)) state.set(name, texts(state.raws[name]).filter((one) => chosen.includes(one)));
}

function texts(raw: Raw): string[] {
  return Array.isArray(raw) ? raw.filter((one): one is string => typeof one === "string") : [];
}
