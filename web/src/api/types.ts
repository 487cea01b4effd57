// What the server sends, by docs/guide/api.md. The generic routes carry declared types, so their fields are `Value`s that the type's
// declaration explains; everything else has a shape of its own here.

/** A text in the two languages of the program; `en` may be empty where only a Chinese name exists. */
export interface Label {
  zh: string;
  en?: string;
}

/** A page of a list; `next` is absent on the last one. */
export interface Page<T> {
  items: T[];
  next?: string;
  total?: number;
}

/** WGS84 degrees; `datum` only on input, when the numbers come from a Chinese map service. */
export interface Point {
  lon: number;
  lat: number;
  datum?: "gcj02" | "bd09";
}

export interface Area {
  type: "Polygon" | "MultiPolygon";
  coordinates: unknown[];
}

export interface StoredFile {
  id: string;
  name: string;
  size: number;
  media: string;
}

export type Value = string | number | boolean | null | Point | Area | StoredFile | Value[] | { [name: string]: Value };
export type Fields = Record<string, Value | undefined>;

export type Face = "public" | "office" | "screen" | "admin";

export interface Post {
  id: string;
  org: string;
  org_name: Label;
  path: string;
  roles: string[];
}

export interface Session {
  person: { id: string; name: string } | null;
  account?: string;
  posts?: Post[];
  roles?: string[];
  faces: Face[];
  now?: string;
  demo?: DemoAccount[];
}

export interface DemoAccount {
  account: string;
  password: string;
  title: Label;
}

export type View = "form" | "list" | "inbox" | "map" | "board" | "law" | "catalogue" | "grants" | "open-data";

export interface NavItem {
  /** `pack/screen` */
  name: string;
  pack: string;
  pack_title?: Label;
  face: Face;
  title: Label;
  about?: Label;
  icon?: string;
  view: View;
  of?: string;
  order?: number;
}

export interface Screen extends NavItem {
  action?: string;
  list?: string[];
  filters?: string[];
  sort?: string;
  where?: Record<string, string>;
  widgets?: Widget[];
}

export type FieldType =
  "text" | "integer" | "decimal" | "boolean" | "date" | "time" | "choice" | "reference" | "point" | "area" | "file" | "list";

export interface Choice {
  value: string;
  title: Label;
}

export interface Field {
  name: string;
  title: Label;
  help?: Label;
  type: FieldType;
  required?: boolean;
  many?: boolean;
  choices?: Choice[];
  ref?: string;
  min?: number;
  max?: number;
  scale?: number;
  unit?: string;
  pattern?: string;
  /** What a text holds in a set form: `3 work-days`. */
  format?: "span";
  default?: Value;
  accept?: string[];
  max_bytes?: number;
  multiline?: boolean;
  personal?: boolean;
  sensitive?: boolean;
  mask?: string;
  /** Where it differs from the type's. */
  level?: string;
  computed?: boolean;
  fields?: Field[];
}

export type StateKind = "start" | "work" | "wait" | "end";

export interface State {
  name: string;
  title: Label;
  kind: StateKind;
  within?: string;
}

/** One line of an action's form: a declared field, or the note of the act. */
export interface FormEntry {
  field?: string;
  note?: boolean;
  required?: boolean;
}

export type ActionStyle = "primary" | "normal" | "danger";

export interface Action {
  name: string;
  title: Label;
  from?: string[];
  to?: string;
  style?: ActionStyle;
  form?: FormEntry[];
  start?: boolean;
  system?: boolean;
}

export interface Process {
  states: State[];
  actions: Action[];
}

/** What a type's rows are: live ones in a register, cases, or those of immutable releases. */
export type Kind = "record" | "case" | "dataset";

/** A line of the catalogue. */
export interface TypeSummary {
  name: string;
  kind: Kind;
  pack: string;
  title: Label;
  about?: Label;
  articles?: string[];
  owner?: string;
  basis?: string;
  level?: string;
  sharing?: string;
  opening?: string;
  cycle?: string;
  count?: number;
}

export interface Type extends TypeSummary {
  fields: Field[];
  title_field?: string;
  /** The field whose value is the title in English. */
  title_field_en?: string;
  point_field?: string;
  list?: string[];
  filters?: string[];
  sorts?: string[];
  search?: boolean;
  may?: { create?: boolean; update?: boolean; delete?: boolean; evidence?: boolean };
  process?: Process;
}

export type Light = "green" | "yellow" | "red" | "paused" | "closed";

export interface Task {
  id: string;
  step: string;
  unit?: string;
  unit_name?: Label;
  assignee?: string | null;
  assignee_name?: string | null;
  due_at?: string | null;
  light?: Light;
  done_at?: string | null;
}

/** An action as one case offers it now: `ok` is false with the conditions that fail in `why`. */
export interface CaseAction {
  name: string;
  title: Label;
  style?: ActionStyle;
  ok: boolean;
  why?: Label[];
  form?: FormEntry[];
}

/** A job that a case waits for. */
export interface CaseJob {
  id: string;
  state: string;
  done?: number;
  total?: number;
  note?: Label;
}

export interface CaseFacts {
  number: string;
  state: string;
  state_title?: Label;
  opened_at: string;
  closed_at?: string | null;
  due_at?: string | null;
  case_due_at?: string | null;
  light?: Light;
  unit?: string | null;
  assignee?: string | null;
  parent?: string | null;
  merged_into?: string | null;
  /** How often the case was sent back. */
  returns?: number;
  tasks?: Task[];
  actions?: CaseAction[];
  jobs?: CaseJob[];
}

export interface Item {
  id: string;
  type: string;
  rev: number;
  title?: string | Label;
  created_at: string;
  updated_at: string;
  fields: Fields;
  masked?: string[];
  labels?: Record<string, Label | Label[]>;
  case?: CaseFacts;
}

export interface HistoryItem {
  rev: number;
  at: string;
  act: string;
  actor?: string;
  actor_name?: string;
  /** I did it. */
  mine?: boolean;
  verb: string;
  changed?: string[];
  fields?: Fields;
  labels?: Record<string, Label | Label[]>;
}

export interface TimelineItem {
  at: string;
  act: string;
  verb: string;
  title?: Label;
  actor_name?: string;
  /** I did it. */
  mine?: boolean;
  org_name?: Label;
  from?: string;
  to?: string;
  note?: string;
  changed?: string[];
  fields?: Fields;
  labels?: Record<string, Label | Label[]>;
  files?: StoredFile[];
  due_at?: string | null;
  sealed?: boolean;
}

export interface SimilarItem {
  id: string;
  score: number;
  metres?: number;
  hours?: number;
  case?: CaseFacts;
  title?: string | Label;
}

export interface InboxItem {
  task: string;
  type: string;
  id: string;
  number: string;
  title?: string | Label;
  state: string;
  state_title?: Label;
  step?: string;
  unit_name?: Label;
  assignee_name?: string | null;
  due_at?: string | null;
  light?: Light;
}

export interface Inbox extends Page<InboxItem> {
  totals?: { mine?: number; unit?: number; red?: number; yellow?: number; green?: number };
}

export type WidgetKind = "number" | "series" | "group" | "ranking" | "queue" | "map" | "law" | "text";

export interface Widget {
  name: string;
  kind: WidgetKind;
  title: Label;
  span?: number;
  rows?: number;
  of?: string;
}

export interface NumberData {
  value: number | string | null;
  of?: number | null;
  unit?: string | Label;
  trend?: number[];
}

export interface SeriesData {
  x: string[];
  series: { title: string | Label; y: (number | null)[] }[];
}

export interface GroupData {
  rows: { key: string; title: string | Label; value: number }[];
}

export interface RankingColumn {
  name: string;
  title: string | Label;
  kind?: string;
}

export interface RankingData {
  columns: RankingColumn[];
  rows: Record<string, string | number | boolean | Label | null>[];
}

export interface QueueData {
  items: Item[];
}

export interface MapPoint {
  id: string;
  type: string;
  lon: number;
  lat: number;
  light?: Light;
  title?: string | Label;
}

export interface MapData {
  points: MapPoint[];
  areas?: string;
}

export interface TextData {
  text: string | Label;
}

export type Built = "yes" | "part" | "no";

export interface LawArticle {
  number: string;
  text: string | Label;
  about?: Label;
  built: Built;
  packs?: { name: string; title: Label; built?: boolean }[];
  departments?: string[];
  counts?: { records?: number; open?: number; closed?: number };
  overdue?: number;
  screens?: string[];
}

export interface LawChapter {
  number: number;
  title: Label;
  articles: string[];
}

export interface LawData {
  title: Label;
  in_force?: string;
  chapters: LawChapter[];
  articles: LawArticle[];
}

export interface ScreenData {
  widgets: Record<string, unknown>;
}

/** What the user was told of a case of theirs. */
export interface Notice {
  id: string;
  /** Its place in the list. */
  n: string;
  at: string;
  type: string;
  case: string;
  text: Label;
  read: boolean;
}

export interface Notices extends Page<Notice> {
  /** 100 stands for 100 or more. */
  unread: number;
}

export interface Org {
  id: string;
  code?: string;
  name: string | Label;
  kind?: string;
  path?: string;
  parent?: string | null;
  children?: number;
}

/** Someone in office, as one may be chosen. */
export interface Officer {
  id: string;
  name: string;
  org: string;
  org_name: Label;
}

export interface Place {
  code: string;
  name: string;
  level?: "county" | "street" | "village";
  point?: Point | null;
  children?: number;
}

export interface PackInfo {
  name: string;
  title: Label;
  articles?: string[];
  hash?: string;
  counts?: Partial<Record<"records" | "processes" | "rules" | "services" | "screens" | "scenarios", number>>;
}

export interface Grant {
  name: string;
  pack?: string;
  role?: string;
  scope?: string;
  actions?: string[];
  type?: string;
  type_title?: Label;
  fields?: string[];
  purpose?: string | Label;
  basis?: string;
  when?: string;
}

export interface Health {
  ok: boolean;
  version?: string;
  started_at?: string;
  now?: string;
  checks?: { name: string; ok: boolean; detail?: string }[];
  figures?: { name: string; value: number | string; unit?: string }[];
}

export type JobState = "scheduled" | "waiting" | "running" | "done" | "dead" | "cancelled";

export interface Job {
  id: string;
  kind: string;
  state: JobState;
  attempt?: number;
  max_attempts?: number;
  run_at?: string;
  progress?: number;
  error?: string;
}

export interface Jobs extends Page<Job> {
  totals?: Partial<Record<JobState, number>>;
}

/** Where data of a dataset comes from by itself, and how that fares. */
export interface Source {
  name: string;
  title: Label;
  dataset: string;
  due_at?: string;
  last_at?: string;
  last_good_at?: string;
  running: boolean;
  failures: number;
  error?: Label;
  /** That the last pull from a table brought. */
  rows: number;
}

/** Something found wrong by the server's own monitor. */
export interface Alarm {
  n: number;
  /** When somebody had looked into it, in ms; absent until then. */
  acknowledged_at?: number;
  /** Their name, and what came of it; for those who run the program. */
  acknowledged_by?: string;
  note?: string;
  /** When it was found, in ms. */
  at?: number;
  kind: string;
  seq?: number;
  detail?: string;
}

export interface LogStatus {
  size: number;
  unsealed?: number;
  checkpoint?: string;
  root?: string;
  last_check?: { at: string; ok: boolean; checked: number } | null;
  keys?: string[];
}

export interface ProblemBody {
  type?: string;
  title?: string;
  status?: number;
  code?: string;
  /** In the language of the request. */
  detail?: string;
  /** The same in both languages. */
  text?: Label;
  errors?: { path: string; zh?: string; en?: string }[];
  why?: Label[];
}
