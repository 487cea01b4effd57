import type { Kind } from "./types";

/**
 * The parameters of a list, exactly as the API takes them. The address bar of a list screen carries the same ones, so a list can be
 * bookmarked and sent to a colleague.
 */
export type ListParams = Record<string, string>;

/** Parameters with a fixed meaning; everything else is a filter on a declared field. */
export const reserved = new Set(["q", "near", "box", "sort", "limit", "after", "total", "format"]);

const collection: Record<Kind, string> = { record: "/api/records", case: "/api/cases", dataset: "/api/datasets" };

export function itemsPath(kind: Kind, type: string): string {
  return `${collection[kind]}/${encodeURIComponent(type)}`;
}

export function itemPath(kind: Kind, type: string, id: string): string {
  return `${itemsPath(kind, type)}/${encodeURIComponent(id)}`;
}

/** The path with its parameters, sorted by name so that one list has one address; empty values are left out. */
export function withParams(path: string, params: ListParams): string {
  const query = new URLSearchParams();
  for (const name of Object.keys(params).sort()) {
    const value = params[name];
    if (value !== undefined && value !== "") query.set(name, value);
  }
  const text = query.toString();
  return text === "" ? path : `${path}?${text}`;
}

/** Joins what a screen always sends with what the user chose; the user cannot widen what the screen fixed. */
export function mergeParams(chosen: ListParams, fixed: ListParams | undefined, sort: string | undefined): ListParams {
  const merged: ListParams = { ...chosen };
  if (sort && !merged.sort) merged.sort = sort;
  return { ...merged, ...fixed };
}

export function splitValues(value: string | undefined): string[] {
  return value === undefined || value === "" ? [] : value.split(",");
}

export function rangeOf(value: string | undefined): [string, string] {
  const [from = "", to = ""] = (value ?? "").split("..");
  return [from, to];
}

/** A range parameter; empty when neither end is given. An open end stays empty: `2026-03-01..`. */
export function rangeText(from: string, to: string): string {
  return from === "" && to === "" ? "" : `${from}..${to}`;
}

/** The filters among the parameters, for "3 filters set" and for clearing them. */
export function filtersIn(params: ListParams): string[] {
  return Object.keys(params).filter((name) => !reserved.has(name) && params[name] !== "");
}
