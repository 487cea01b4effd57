/** A picture of where fields come from and go to: boxes in columns, lines between them. Units are pixels. */
export interface FlowNode {
  kind: "column" | "left-out" | "field" | "release" | "holder";
  title: string;
  x: number;
  y: number;
  height: number;
  /** A box that several lines reach side by side. */
  tall?: boolean;
}

export interface FlowLine {
  from: FlowNode;
  to: FlowNode;
  /** What is done on the way. */
  note?: string;
}

export interface Flow {
  nodes: FlowNode[];
  lines: FlowLine[];
  width: number;
  height: number;
}

export interface FlowRow {
  header: string;
  /** The field's title; empty for a column that was left out. */
  field: string;
  steps: string[];
  holders: string[];
}

export const nodeWidth = 180;
export const nodeHeight = 32;
const step = 42; // from one box to the next below
const columns = [0, 320, 560, 800];

export function flowOf(rows: FlowRow[], release: string): Flow {
  const at = (column: number, index: number) => ({ x: columns[column] ?? 0, y: 2 + index * step, height: nodeHeight });
  const height = Math.max(rows.length, 1) * step;
  const whole: FlowNode = { kind: "release", title: release, x: columns[2] ?? 0, y: 2, height: height - step + nodeHeight, tall: true };
  const nodes: FlowNode[] = [];
  const lines: FlowLine[] = [];
  rows.forEach((row, index) => {
    const column: FlowNode = { kind: row.field ? "column" : "left-out", title: short(row.header), ...at(0, index) };
    nodes.push(column);
    if (!row.field) return;
    const field: FlowNode = { kind: "field", title: short(row.field), ...at(1, index) };
    nodes.push(field);
    lines.push({ from: column, to: field, note: row.steps.join(" · ") || undefined }, { from: field, to: whole });
  });
  nodes.push(whole);
  const holders = [...new Set(rows.flatMap((row) => row.holders))];
  holders.forEach((title, index) => {
    const node: FlowNode = { kind: "holder", title: short(title), ...at(3, index) };
    nodes.push(node);
    lines.push({ from: { ...whole, y: node.y, height: node.height }, to: node });
  });
  const width = (columns[holders.length > 0 ? 3 : 2] ?? 0) + nodeWidth + 2;
  return { nodes, lines, width, height: Math.max(height, holders.length * step) };
}

const mostLetters = 12;

/** As much of a title as a box holds. */
function short(title: string): string {
  const wide = [...title].reduce((sum, letter) => sum + (letter.codePointAt(0)! > 0xff ? 1 : 0.55), 0);
  if (wide <= mostLetters) return title;
  let room = mostLetters - 1;
  let kept = "";
  for (const letter of title) {
    room -= letter.codePointAt(0)! > 0xff ? 1 : 0.55;
    if (room < 0) break;
    kept += letter;
  }
  return `${kept}…`;
}
