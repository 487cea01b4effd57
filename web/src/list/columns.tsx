import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { CaseFacts, Face, Item, Label, Light, Type } from "../api/types";
import { MaskedValue } from "../detail/FieldValue";
import type { Column } from "../kit/DataTable";
import { DeadlineClock, LightBadge } from "../kit/LightBadge";
import { formatTime } from "../kit/time";
import { itemHref } from "../shell/paths";
import { fieldOf, isBuiltin, itemTitle, nameTitle } from "../types/declared";
import type { Builtin } from "../types/declared";
import type { Text } from "../text";

/** The columns of a list of items; the first one is the link to the item, and names its row. */
export function itemColumns(type: Type, names: string[], face: Face, text: Text): Column<Item>[] {
  return names.map((name, index) => ({
    key: name,
    title: nameTitle(type, name, text),
    header: index === 0,
    numeric: ["integer", "decimal"].includes(fieldOf(type, name)?.type ?? "") && index > 0,
    render: (item) =>
      index === 0 ? <ItemLink item={item} type={type} name={name} face={face} text={text} /> : cell(item, type, name, text),
  }));
}

function ItemLink({ item, type, name, face, text }: { item: Item; type: Type; name: string; face: Face; text: Text }) {
  // A reference's own link, or a file's, would be a link within a link.
  const field = fieldOf(type, name);
  const content = field?.type === "reference" ? label(item, name, text) : field?.type === "file" ? undefined : cell(item, type, name, text);
  return <Link to={itemHref(face, item.type, item.id)}>{content || itemTitle(item, type, text)}</Link>;
}

function cell(item: Item, type: Type, name: string, text: Text): ReactNode {
  if (isBuiltin(type, name)) return <BuiltinValue item={item} name={name} type={type} text={text} />;
  const field = fieldOf(type, name);
  if (field === undefined || item.fields[name] === undefined || item.fields[name] === null) return null;
  if (name === type.title_field && type.title_field_en !== undefined && item.title) return itemTitle(item, type, text);
  return <MaskedValue item={item} field={field} short />;
}

/** One of the facts that the program keeps by itself. */
export function BuiltinValue({ item, name, type, text }: { item: Item; name: Builtin; type: Type; text: Text }): ReactNode {
  const facts = item.case;
  switch (name) {
    case "title":
      return itemTitle(item, type, text);
    case "created_at":
    case "updated_at":
      return <time dateTime={item[name]}>{formatTime(item[name])}</time>;
    case "number":
      return facts?.number;
    case "state":
      return facts ? <StateMark type={type} state={facts.state} title={facts.state_title} text={text} /> : null;
    case "light":
      return facts ? <LightBadge light={facts.light} dueAt={facts.due_at} /> : null;
    case "due_at":
      return facts ? <DeadlineClock light={facts.light} dueAt={facts.due_at} /> : null;
    case "unit":
    case "assignee":
      return label(item, name, text) || shownTask(facts, name, text);
    case "parent":
    case "merged_into":
      return facts?.[name] ? label(item, name, text) || String(facts[name]).slice(0, 8) : null;
    default:
      return formatTime(facts?.[name]);
  }
}

function label(item: Item, name: string, text: Text): string {
  const labels: Label | Label[] | undefined = item.labels?.[name];
  return Array.isArray(labels) ? text.pick(labels[0]) : text.pick(labels);
}

function shownTask(facts: CaseFacts | undefined, name: "unit" | "assignee", { pick }: Text): string {
  const open = facts?.tasks?.find((task) => !task.done_at);
  return name === "unit" ? pick(open?.unit_name) : (open?.assignee_name ?? "");
}

export function StateMark({ type, state, title, text }: { type?: Type; state: string; title?: Label; text: Text }) {
  const words = text.pick(title) || text.pick(type?.process?.states.find((one) => one.name === state)?.title) || state;
  return <span className="cs-state">{words}</span>;
}

export const lights: readonly Light[] = ["red", "yellow", "green", "paused", "closed"];
