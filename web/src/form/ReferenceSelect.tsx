import { useState } from "react";
import { keepPreviousData, useQueries, useQuery } from "@tanstack/react-query";
import { get } from "../api/client";
import { keys } from "../api/keys";
import { useType, useTypes } from "../api/queries";
import { itemPath, itemsPath, withParams } from "../api/query";
import type { Item, Label, Officer, Org, Page, Type, TypeSummary } from "../api/types";
import { useText, wordFor } from "../text";
import type { Text } from "../text";
import { itemTitle } from "../types/declared";
import { Choose } from "../kit/Choose";
import { useDelayed } from "../kit/useDelayed";

interface Props {
  id?: string;
  /** What the label beside it says. */
  title: string;
  /** The type referred to, or `org`, `person`, `dataset` or `resource`. */
  to: string | undefined;
  /** Of people: only those of this organisation and those under it. */
  unit?: string;
  many?: boolean;
  value: string[];
  /** Words for the values that are there already. */
  labels?: Label | Label[];
  described?: string;
  invalid?: boolean;
  required?: boolean;
  onChange: (values: string[]) => void;
}

interface Option {
  value: string;
  label: string;
}

const offered = 30;

/** Chooses other records by searching for them on the server. */
export function ReferenceSelect({ id, title, to, unit, many, value, labels, described, invalid, required, onChange }: Props) {
  const text = useText();
  const { t, pick } = text;
  const [typed, setTyped] = useState("");
  const [opened, setOpened] = useState(false);
  const found = useOptions(to, unit, typed, opened, text);
  const known = new Map(found.options.map((option) => [option.value, option.label]));
  const given = labels === undefined ? [] : Array.isArray(labels) ? labels : [labels];
  const [chosen, setChosen] = useState<Map<string, string>>(new Map());
  const named = useNames(
    to,
    value.filter((one, index) => !known.has(one) && !chosen.has(one) && !given[index]),
    text,
  );
  const labelOf = (one: string, index: number) =>
    known.get(one) ?? chosen.get(one) ?? named.get(one) ?? (pick(given[index]) || one.slice(0, 8));
  const selected = value.map((one, index) => ({ value: one, label: labelOf(one, index) }));
  const change = (next: Option | Option[] | null | undefined) => {
    const options = next === null || next === undefined ? [] : Array.isArray(next) ? next : [next];
    setChosen(new Map([...chosen, ...options.map((option): [string, string] => [option.value, known.get(option.value) ?? option.label])]));
    onChange(options.map((option) => option.value));
    setTyped("");
  };
  return (
    <Choose<Option | Option[] | null>
      title={title}
      id={id}
      aria-label={id === undefined ? title : undefined}
      labelInValue
      mode={many ? "multiple" : undefined}
      showSearch={{ filterOption: false, onSearch: setTyped }}
      allowClear={!required}
      status={invalid ? "error" : undefined}
      aria-describedby={described}
      aria-required={required}
      aria-invalid={invalid}
      placeholder={t.form.typeToSearch}
      notFoundContent={found.loading ? t.common.loading : t.form.noneFound}
      loading={opened && found.loading}
      onOpenChange={setOpened}
      options={found.options}
      value={many ? selected : (selected[0] ?? null)}
      onChange={change}
    />
  );
}

interface Found {
  options: Option[];
  loading: boolean;
}

function useOptions(to: string | undefined, unit: string | undefined, typed: string, enabled: boolean, text: Text): Found {
  const q = useDelayed(typed, 250);
  const orgs = useOrgs(q, enabled && to === "org", text);
  const people = usePeople(unit ?? "", q, enabled && to === "person", text);
  const resources = useResources(to, typed, enabled && isCatalogued(to), text);
  const items = useItems(typeIn(to), q, enabled, text);
  return to === "org" ? orgs : to === "person" ? people : isCatalogued(to) ? resources : items;
}

/** Organisations, people and what the catalogue lists are no record types: they have lists of their own. */
function typeIn(to: string | undefined): string | undefined {
  return to !== undefined && ["org", "person", "dataset", "resource"].includes(to) ? undefined : to;
}

function isCatalogued(to: string | undefined): boolean {
  return to === "dataset" || to === "resource";
}

/** What the catalogue lists; a resource with its owner and how it is shared, by all of which it is found. */
function useResources(to: string | undefined, typed: string, enabled: boolean, text: Text): Found {
  const { data, isFetching } = useTypes(enabled);
  const wanted = typed.trim().toLowerCase();
  const options = (data ?? [])
    .filter((type) => to === "resource" || type.kind === "dataset")
    .sort((a, b) => Number(a.sharing === "none") - Number(b.sharing === "none"))
    .map((type) => ({ value: type.name, label: to === "resource" ? resourceWords(type, text) : text.pick(type.title) }))
    .filter((option) => option.label.toLowerCase().includes(wanted));
  return { options, loading: isFetching };
}

function resourceWords({ title, owner, sharing }: TypeSummary, { t, pick }: Text): string {
  return [pick(title), owner, wordFor(t.catalogue.sharings, sharing)].filter(Boolean).join(" · ");
}

function useOrgs(q: string, enabled: boolean, text: Text): Found {
  const { data, isFetching } = useQuery({
    queryKey: keys.orgs("", q),
    queryFn: ({ signal }) => get<Page<Org>>(withParams("/api/orgs", { q }), signal),
    enabled,
    placeholderData: keepPreviousData,
  });
  return { options: (data?.items ?? []).map((org) => ({ value: org.id, label: text.pick(org.name) })), loading: isFetching };
}

function usePeople(unit: string, q: string, enabled: boolean, text: Text): Found {
  const { data, isFetching } = useQuery({
    queryKey: keys.people(unit, q),
    queryFn: ({ signal }) => get<Page<Officer>>(withParams("/api/people", { unit, q }), signal),
    enabled,
    placeholderData: keepPreviousData,
  });
  return {
    options: (data?.items ?? []).map((one) => ({ value: one.id, label: [one.name, text.pick(one.org_name)].filter(Boolean).join(" · ") })),
    loading: isFetching,
  };
}

function useItems(to: string | undefined, q: string, enabled: boolean, text: Text): Found {
  const type = useType(to);
  const declared = type.data;
  const items = useQuery({
    queryKey: ["list", to, "options", q],
    queryFn: ({ signal }) => get<Page<Item>>(optionsPath(declared, q), signal),
    enabled: enabled && declared !== undefined,
    placeholderData: keepPreviousData,
  });
  return { options: matching(items.data?.items ?? [], declared, q, text), loading: type.isFetching || items.isFetching };
}

/** A type without full-text search is offered from its first page, narrowed here. */
function matching(items: Item[], type: Type | undefined, q: string, text: Text): Option[] {
  const options = items.map((item) => ({ value: item.id, label: itemTitle(item, type, text) }));
  return type?.search ? options : options.filter((option) => option.label.includes(q));
}

function optionsPath(type: Type | undefined, q: string): string {
  if (type === undefined) return "";
  return withParams(itemsPath(type.kind, type.name), type.search ? { q, limit: String(offered) } : { limit: "200" });
}

/** Titles of values that came by id alone, such as a filter in a bookmarked address. */
function useNames(to: string | undefined, ids: string[], text: Text): Map<string, string> {
  const type = useType(typeIn(to));
  const declared = type.data;
  const results = useQueries({
    queries: ids.map((id) => ({
      queryKey: keys.item(declared?.kind ?? "record", to ?? "", id),
      queryFn: ({ signal }: { signal: AbortSignal }) => get<Item>(itemPath(declared?.kind ?? "record", to ?? "", id), signal),
      enabled: declared !== undefined,
    })),
  });
  const catalogue = useTypes(isCatalogued(to) && ids.length > 0);
  const names = new Map((isCatalogued(to) ? (catalogue.data ?? []) : []).map((one): [string, string] => [one.name, resourceWords(one, text)]));
  for (const { data } of results) if (data) names.set(data.id, itemTitle(data, declared, text));
  return names;
}
