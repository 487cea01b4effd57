// What the server tells of the difference between two releases of a dataset.
import type { Page } from "./types";

export type ChangeKind = "added" | "changed" | "removed";

export interface CellChange {
  field: string;
  before?: string;
  after?: string;
  masked?: boolean;
}

/** One row that differs; `older` and `newer` are its numbers in the two releases. */
export interface RowChange {
  kind: ChangeKind;
  older?: number;
  newer?: number;
  cells: CellChange[];
}

export interface Diff extends Page<RowChange> {
  older: number;
  newer: number;
  added: number;
  removed: number;
  changed: number;
  /** How many values changed in changed rows, by field. */
  cells: { field: string; cells: number }[] | null;
  /** Fields that only one of the two has. */
  gained?: string[];
  lost?: string[];
}
