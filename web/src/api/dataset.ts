// What the server sends of datasets, their releases and the files these come from.
import type { Field, Fields, Label, Page } from "./types";

/** One immutable version of a dataset. */
export interface Release {
  version: number;
  at: string;
  rows: number;
  bytes: number;
  /** SHA-256 of its manifest, in hex. */
  digest: string;
  /** Its rows have been removed, as they are kept for a time only. */
  gone?: boolean;
  /** The earlier version whose rows these are again. */
  restores?: number;
}

/** How many rows broke one rule; without a field it is one of the row as a whole. */
export interface BrokenRule {
  field?: string;
  rule: string;
  rows: number;
  /** What the dataset's declaration said of it at the time, for a rule that has words of its own. */
  text?: Label;
}

export interface Quality {
  rows: number;
  good: number;
  bad: number;
  rules?: BrokenRule[] | null;
  /** What the file as a whole does not keep. */
  findings?: Finding[];
  cleaned?: Cleaned[];
}

/** Something asked of a file as a whole; with stop it may not be released. */
export interface Finding {
  rule: string;
  field?: string;
  stop?: boolean;
  text: Label;
}

/** How many cells of a field a cleaning step changed; examples are before and after. */
export interface Cleaned {
  field: string;
  step: string;
  cells: number;
  examples?: [string, string][];
}

/** A page of a load's failures, with what was found of the file. */
export interface Failures extends Page<Failure> {
  quality?: Quality;
}

export interface Manifest {
  dataset: string;
  version: number;
  at: string;
  rows: number;
  level?: string;
  fields: Pick<Field, "name" | "type" | "title">[];
  files: { name: string; sha256: string; bytes: number; rows: number }[];
  quality: Quality;
  source: { name: string; sha256: string; bytes: number; charset: string; delimiter: string };
  /** The columns of the source; those without a field were left out. */
  columns?: { header: string; field?: string }[];
  /** The version before it. */
  parent?: number;
  /** The earlier version whose rows these are again. */
  restores?: number;
}

export interface ReleaseRow {
  row: number;
  values: Fields;
}

export interface ReleaseRows extends Page<ReleaseRow> {
  columns: string[];
  masked?: string[];
}

/** A row of a file that was not taken: `values` are its cells as they stood, by the heading of their column. */
export interface Failure {
  row?: number | null;
  line?: number | null;
  why: { field?: string; rule: string; text: Label }[];
  values: Record<string, string | null>;
}
