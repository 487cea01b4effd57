// What the server sends of grants of shared data, of their use, and of the rows they deliver.
import type { Fields, Kind, Label, Page, Value } from "./types";

export type GrantState = "valid" | "ended" | "revoked" | "used-up";

/** Leave for an organisation to use some fields of another's data. */
export interface IssuedGrant {
  id: string;
  resource: string;
  resource_title: Label;
  kind: Kind;
  holder: string;
  holder_name: Label;
  fields: string[];
  /** Personal fields that are given in clear. */
  unmask: string[];
  /** The condition on rows. */
  when?: string;
  /** The field that rows are looked up by. */
  key?: string;
  purpose: string;
  basis: string;
  per_minute?: number;
  /** How many records it gives in all; without it there is no bound. */
  records?: number;
  used: number;
  issued_at: string;
  until: string;
  revoked_at?: string;
  state: GrantState;
  case_type: string;
  case: string;
  /** By who asks. */
  usable: boolean;
}

/** The use of a grant on one day. */
export interface DayOfUse {
  day: string;
  calls: number;
  records: number;
  last_at: string;
}

export interface DeliveredRow {
  fields: Fields;
  masked?: string[];
  labels?: Record<string, Label | Label[]>;
}

/** The answer to a look-up, in the order of the keys; null where the grant has no such row. */
export interface LookedUp {
  resource: string;
  release?: number;
  items: (DeliveredRow | null)[];
}

export interface DeliveredPage extends Page<DeliveredRow> {
  resource: string;
  release?: number;
}

export type Condition = { field: string; in: string[] } | { field: string; from?: string; to?: string } | { field: string; empty: true };

/** One group: a value for each field it was counted by, and figures beside it. */
export type Figure = { rows: number; measures: Value[] } & Record<string, Value>;
