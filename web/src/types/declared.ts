import type { Action, Field, FormEntry, Item, Label, Type } from "../api/types";
import { isObject } from "../kit/format";
import type { Text } from "../text";
import { en } from "../text/en";
import { zh } from "../text/zh";
import type { Dictionary } from "../text/zh";

/** Columns that every record or case has beside its declared fields. */
export type Builtin = keyof Dictionary["builtin"];

const caseBuiltins = new Set<string>([
  "number",
  "state",
  "opened_at",
  "closed_at",
  "due_at",
  "case_due_at",
  "light",
  "unit",
  "assignee",
  "parent",
  "merged_into",
]);
const commonBuiltins = new Set<string>(["title", "created_at", "updated_at"]);

export function fieldOf(type: Type, name: string): Field | undefined {
  return type.fields.find((field) => field.name === name);
}

/** Whether a name means a fact that the program keeps by itself: those of a case always do, the others unless a field is declared so. */
export function isBuiltin(type: Type, name: string): name is Builtin {
  if (type.kind === "case" && caseBuiltins.has(name)) return true;
  return commonBuiltins.has(name) && !fieldOf(type, name);
}

/** The heading of a column or filter. */
export function nameTitle(type: Type, name: string, { t, pick }: Text): string {
  if (isBuiltin(type, name)) return t.builtin[name];
  return pick(fieldOf(type, name)?.title) || name;
}

/** What a person calls an item: the server's title, else the title field, else its number, else the start of its id. */
export function itemTitle(item: Item, type: Type | undefined, text: Text): string {
  const given = text.pick(item.title);
  if (given) return given;
  const name = type?.title_field;
  if (name !== undefined) {
    const label = item.labels?.[name];
    const value = item.fields[name];
    const words =
      label && !Array.isArray(label) ? text.pick(label) : isLabel(value) ? text.pick(value) : typeof value === "string" ? value : "";
    if (words) return words;
  }
  return item.case?.number ?? item.id.slice(0, 8);
}

function isLabel(value: unknown): value is Label {
  return isObject(value) && typeof value.zh === "string";
}

/** The columns of a list: the screen's, else the type's, else the first plain fields. The first column is the link, so there is one always. */
export function columnsOf(type: Type, declared?: string[]): string[] {
  const names = declared?.length ? declared : type.list?.length ? type.list : defaultColumns(type);
  return names.filter((name) => isBuiltin(type, name) || fieldOf(type, name) !== undefined);
}

function defaultColumns(type: Type): string[] {
  const plain = type.fields.filter((field) => !["list", "file", "area", "point"].includes(field.type)).slice(0, 5);
  const names = plain.map((field) => field.name);
  return type.kind === "case" ? ["number", ...names.slice(0, 3), "state", "light"] : ["title", ...names];
}

/** The actions with which a case of this type can begin. System actions are for the program itself. */
export function startActions(type: Type): Action[] {
  return (type.process?.actions ?? []).filter((action) => action.start === true && action.system !== true);
}

/** One line to fill in, with its declaration. */
export interface Entry {
  /** The field's name, or `note`. */
  name: string;
  field: Field;
  required: boolean;
  /** The note of the act, which travels beside the fields. */
  note: boolean;
}

export const noteName = "note";

/** Resolves an action's form against the type's fields; the note becomes a text of several lines. */
export function entriesOf(type: Type, form: FormEntry[] | undefined, noteTitle: string): Entry[] {
  const entries: Entry[] = [];
  for (const { field: name, note, required } of form ?? []) {
    const field = name === undefined ? undefined : fieldOf(type, name);
    const kept = keptField(type, name) ?? field; // the type lists it too, as one that is not input
    if (kept && !kept.computed) entries.push({ name: kept.name, field: kept, required: required ?? kept.required ?? false, note: false });
    else if (field === undefined && (note || name === noteName))
      entries.push({ name: noteName, field: noteField(noteTitle), required: required ?? false, note: true });
  }
  return entries;
}

/** Facts that the program keeps and that an action may set: to which unit and person a case goes, and which case it belongs to. */
function keptField(type: Type, name: string | undefined): Field | undefined {
  const ref = { unit: "org", assignee: "person", merged_into: type.name, parent: type.name };
  if (type.kind !== "case" || name === undefined || !isKey(ref, name)) return undefined;
  return { name, title: { zh: zh.builtin[name], en: en.builtin[name] }, type: "reference", ref: ref[name] };
}

function isKey<T extends object>(of: T, name: string): name is keyof T & string {
  return Object.hasOwn(of, name);
}

function noteField(title: string): Field {
  return { name: noteName, title: { zh: title, en: title }, type: "text", multiline: true, max: 2000 };
}

/** All fields a person can fill in, for records, which are written whole. */
export function allEntries(type: Type): Entry[] {
  return type.fields
    .filter((field) => !field.computed)
    .map((field) => ({ name: field.name, field, required: field.required ?? false, note: false }));
}
