import type { Kind } from "./types";
import type { ListParams } from "./query";

/**
 * Query keys. The first part says what, the second of which type; live hints find the queries of a topic by these two, so every key
 * that depends on a type's rows has the type in second place.
 */
export const keys = {
  session: ["session"] as const,
  nav: ["nav"] as const,
  types: ["types"] as const,
  type: (type: string) => ["type", type] as const,
  screen: (name: string) => ["screen", name] as const,
  screenData: (name: string) => ["board", name] as const,
  list: (kind: Kind, type: string, params: ListParams) => ["list", type, kind, params] as const,
  geo: (kind: Kind, type: string, params: ListParams) => ["geo", type, kind, params] as const,
  item: (kind: Kind, type: string, id: string) => ["item", type, kind, id] as const,
  timeline: (type: string, id: string) => ["timeline", type, id] as const,
  history: (type: string, id: string) => ["history", type, id] as const,
  similar: (type: string, id: string) => ["similar", type, id] as const,
  releases: (dataset: string) => ["releases", dataset] as const,
  manifest: (dataset: string, version: number) => ["manifest", dataset, version] as const,
  rows: (dataset: string, version: number) => ["rows", dataset, version] as const,
  failures: (type: string, id: string, batch: string) => ["failures", type, id, batch] as const,
  search: (type: string, q: string) => ["search", type, q] as const,
  inbox: (params: ListParams) => ["inbox", params] as const,
  reads: ["reads"] as const,
  identity: ["identity"] as const,
  notices: (part: "list" | "unread") => ["notices", part] as const,
  orgs: (parent: string, q: string) => ["orgs", parent, q] as const,
  people: (unit: string, q: string) => ["people", unit, q] as const,
  places: (parent: string) => ["places", parent] as const,
  streets: (box: string, level: string) => ["streets", "division", box, level] as const,
  areas: ["geo", "county-boundary", "record", {}] as const,
  admin: (what: string, params: ListParams = {}) => ["admin", what, params] as const,
  evidence: ["evidence"] as const,
  clients: ["clients"] as const,
};
