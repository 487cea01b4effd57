import type { GroupData, LawData, MapData, NumberData, QueueData, RankingData, SeriesData, TextData, Widget } from "../api/types";
import { isObject } from "../kit/format";

/** Columns of a board's grid. */
export const gridColumns = 12;

/** How wide and high a widget is when its pack does not say: columns of 12, and lines. */
const defaults: Record<Widget["kind"], { span: number; rows: number }> = {
  number: { span: 3, rows: 1 },
  series: { span: 6, rows: 3 },
  group: { span: 4, rows: 3 },
  ranking: { span: 6, rows: 3 },
  queue: { span: 4, rows: 3 },
  map: { span: 6, rows: 4 },
  text: { span: 12, rows: 1 },
  law: { span: 12, rows: 6 },
};

export function spanOf(widget: Widget): number {
  return Math.min(gridColumns, Math.max(1, widget.span ?? defaults[widget.kind]?.span ?? 4));
}

export interface BoardLine {
  widgets: Widget[];
  /** Share of the board's height. */
  rows: number;
}

/** Fills widgets into lines from left to right in their declared order; a line is as high as its highest widget asks. */
export function packLines(widgets: Widget[]): BoardLine[] {
  const lines: BoardLine[] = [];
  let used = gridColumns;
  for (const widget of widgets) {
    const span = spanOf(widget);
    if (used + span > gridColumns) {
      lines.push({ widgets: [], rows: 1 });
      used = 0;
    }
    const line = lines.at(-1);
    if (!line) continue;
    line.widgets.push(widget);
    line.rows = Math.max(line.rows, widget.rows ?? defaults[widget.kind]?.rows ?? 1);
    used += span;
  }
  return lines;
}

function hasArray<K extends string>(data: unknown, name: K): data is Record<K, unknown[]> {
  return isObject(data) && Array.isArray(data[name]);
}

/** What came for a widget, held against what its kind needs; undefined when it does not fit, so that one bad widget spoils no board. */
export const read = {
  number: (data: unknown) => (isObject(data) && "value" in data ? (data as unknown as NumberData) : undefined),
  series: (data: unknown) => (hasArray(data, "x") && hasArray(data, "series") ? (data as unknown as SeriesData) : undefined),
  group: (data: unknown) => (hasArray(data, "rows") ? (data as unknown as GroupData) : undefined),
  ranking: (data: unknown) => (hasArray(data, "columns") && hasArray(data, "rows") ? (data as unknown as RankingData) : undefined),
  queue: (data: unknown) => (hasArray(data, "items") ? (data as unknown as QueueData) : undefined),
  map: (data: unknown) => (hasArray(data, "points") ? (data as unknown as MapData) : undefined),
  text: (data: unknown) => (isObject(data) && "text" in data ? (data as unknown as TextData) : undefined),
  law: (data: unknown) => (hasArray(data, "articles") ? (data as unknown as LawData) : undefined),
};
