// A layered drawing of a process, from left to right: states in columns by their distance from the start, actions as arrows between
// them. Sugiyama's method in small: break cycles, assign layers, bend long arrows around what lies between, order each layer to avoid
// crossings, then give coordinates. Sizes are in SVG units, at which one unit is one CSS pixel.

export interface StateIn {
  name: string;
  title: string;
}

export interface ActionIn {
  from: string;
  to: string;
  title: string;
  system?: boolean;
}

export interface NodeOut {
  name: string;
  title: string;
  /** Centre. */
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface EdgeOut {
  from: string;
  to: string;
  titles: string[];
  /** Every action of this arrow is the program's own. */
  system: boolean;
  /** Runs against the direction of reading, as sending back does. */
  back: boolean;
  path: string;
  label: { x: number; y: number };
}

export interface Drawing {
  width: number;
  height: number;
  nodes: NodeOut[];
  edges: EdgeOut[];
}

const margin = 16;
const rowGap = 34;
const minGap = 56;
const portGap = 18;
const labelSize = 12;
const titleSize = 15;
const loopHeight = 34;

interface Merged {
  from: string;
  to: string;
  titles: string[];
  system: boolean;
}

/** A state, or a bend of an arrow that passes through a layer. */
interface Cell {
  id: string;
  layer: number;
  node?: StateIn;
  width: number;
  height: number;
  y: number;
  order: number;
}

/** Part of an arrow between two neighbouring layers; `left` is in the earlier one. */
interface Segment {
  edge: Routed;
  left: Cell;
  right: Cell;
  leftY: number;
  rightY: number;
}

interface Routed extends Merged {
  back: boolean;
  segments: Segment[];
}

export function layOut(states: StateIn[], actions: ActionIn[]): Drawing {
  const known = states.filter((state, index) => states.findIndex((other) => other.name === state.name) === index);
  const merged = merge(known, actions);
  const loops = merged.filter((edge) => edge.from === edge.to);
  const forward = direct(
    known,
    merged.filter((edge) => edge.from !== edge.to),
  );
  const layers = assignLayers(known, forward);
  const { cells, edges } = route(known, forward, layers, loops);
  const columns = intoColumns(cells);
  reduceCrossings(columns, edges);
  sizeByPorts(columns, edges);
  placeRows(columns, edges);
  assignPorts(columns, edges);
  return draw(columns, edges, loops);
}

/** Width of a text, in the rough: an ideograph is as wide as it is high, a Latin letter a little over half. */
export function textWidth(text: string, size: number): number {
  let width = 0;
  for (const char of text) width += (char.codePointAt(0) ?? 0) > 0x2e7f ? size : size * 0.58;
  return width;
}

function merge(states: StateIn[], actions: ActionIn[]): Merged[] {
  const names = new Set(states.map((state) => state.name));
  const merged = new Map<string, Merged>();
  for (const { from, to, title, system } of actions) {
    if (!names.has(from) || !names.has(to)) continue;
    const key = JSON.stringify([from, to]);
    const found = merged.get(key);
    if (found) {
      if (!found.titles.includes(title)) found.titles.push(title);
      found.system &&= system === true;
    } else merged.set(key, { from, to, titles: [title], system: system === true });
  }
  return [...merged.values()];
}

/** Finds the arrows that close a cycle when states are walked in their declared order, and marks them as running back. */
function direct(states: StateIn[], edges: Merged[]): Routed[] {
  const out = new Map<string, Merged[]>();
  for (const edge of edges) out.set(edge.from, [...(out.get(edge.from) ?? []), edge]);
  const back = new Set<Merged>();
  const done = new Set<string>();
  const open = new Set<string>();
  const rank = new Map(states.map((state, index) => [state.name, index]));
  const walk = (name: string) => {
    open.add(name);
    const next = [...(out.get(name) ?? [])].sort((a, b) => (rank.get(a.to) ?? 0) - (rank.get(b.to) ?? 0));
    for (const edge of next) {
      if (open.has(edge.to)) back.add(edge);
      else if (!done.has(edge.to)) walk(edge.to);
    }
    open.delete(name);
    done.add(name);
  };
  for (const state of states) if (!done.has(state.name)) walk(state.name);
  return edges.map((edge) => ({ ...edge, back: back.has(edge), segments: [] }));
}

/** Earlier and later end of an arrow in the direction of reading. */
function ends(edge: Routed): [string, string] {
  return edge.back ? [edge.to, edge.from] : [edge.from, edge.to];
}

/** Each state's layer is the length of the longest way to it. The directed edges have no cycle, so this ends. */
function assignLayers(states: StateIn[], edges: Routed[]): Map<string, number> {
  const layers = new Map(states.map((state) => [state.name, 0]));
  const forward = edges.filter((edge) => !edge.back);
  for (let round = 0; round < states.length; round++) {
    let changed = false;
    for (const edge of forward) {
      const wanted = (layers.get(edge.from) ?? 0) + 1;
      if (wanted > (layers.get(edge.to) ?? 0)) {
        layers.set(edge.to, wanted);
        changed = true;
      }
    }
    if (!changed) break;
  }
  return layers;
}

function route(states: StateIn[], edges: Routed[], layers: Map<string, number>, loops: Merged[]): { cells: Cell[]; edges: Routed[] } {
  const looped = new Set(loops.map((loop) => loop.from));
  const cells = states.map((node, order): Cell => {
    const height = 40 + (looped.has(node.name) ? loopHeight : 0);
    return {
      id: node.name,
      layer: layers.get(node.name) ?? 0,
      node,
      width: Math.max(76, textWidth(node.title, titleSize) + 32),
      height,
      y: 0,
      order,
    };
  });
  const byName = new Map(cells.map((cell) => [cell.id, cell]));
  const routed: Routed[] = [];
  for (const edge of edges) {
    const [first, last] = ends(edge).map((name) => byName.get(name));
    if (!first || !last) continue;
    let left = first;
    for (let layer = first.layer + 1; layer < last.layer; layer++) {
      const bend: Cell = { id: `${edge.from} ${edge.to} ${layer}`, layer, width: 0, height: 12, y: 0, order: cells.length };
      cells.push(bend);
      edge.segments.push({ edge, left, right: bend, leftY: 0, rightY: 0 });
      left = bend;
    }
    edge.segments.push({ edge, left, right: last, leftY: 0, rightY: 0 });
    routed.push(edge);
  }
  return { cells, edges: routed };
}

function intoColumns(cells: Cell[]): Cell[][] {
  const columns: Cell[][] = [];
  for (const cell of cells) (columns[cell.layer] ??= []).push(cell);
  return Array.from(columns, (column) => (column ?? []).sort((a, b) => a.order - b.order));
}

function neighbours(edges: Routed[]): { before: Map<Cell, Cell[]>; after: Map<Cell, Cell[]> } {
  const before = new Map<Cell, Cell[]>();
  const after = new Map<Cell, Cell[]>();
  for (const { left, right } of edges.flatMap((edge) => edge.segments)) {
    before.set(right, [...(before.get(right) ?? []), left]);
    after.set(left, [...(after.get(left) ?? []), right]);
  }
  return { before, after };
}

const sweeps = 6;

/** Orders each layer by the mean position of what it is joined to, forth and back a few times. */
function reduceCrossings(columns: Cell[][], edges: Routed[]): void {
  const { before, after } = neighbours(edges);
  const renumber = (column: Cell[]) => column.forEach((cell, index) => (cell.order = index));
  columns.forEach(renumber);
  for (let sweep = 0; sweep < sweeps; sweep++) {
    const forth = sweep % 2 === 0;
    const joined = forth ? before : after;
    for (const column of forth ? columns : [...columns].reverse()) {
      const centre = new Map(column.map((cell) => [cell, mean((joined.get(cell) ?? []).map((other) => other.order)) ?? cell.order]));
      column.sort((a, b) => (centre.get(a) ?? 0) - (centre.get(b) ?? 0) || a.order - b.order);
      renumber(column);
    }
  }
}

function mean(values: number[]): number | undefined {
  return values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** A state with many arrows on one side becomes higher, so that they do not touch. */
function sizeByPorts(columns: Cell[][], edges: Routed[]): void {
  const segments = edges.flatMap((edge) => edge.segments);
  for (const cell of columns.flat()) {
    if (!cell.node) continue;
    const most = Math.max(segments.filter((one) => one.left === cell).length, segments.filter((one) => one.right === cell).length);
    cell.height = Math.max(cell.height, most * portGap + 12);
  }
}

/** Rows: each cell near the mean of its neighbours, never overlapping the one above. */
function placeRows(columns: Cell[][], edges: Routed[]): void {
  const { before, after } = neighbours(edges);
  for (const column of columns)
    stack(
      column,
      column.map(() => 0),
    );
  for (let round = 0; round < sweeps * 2; round++) {
    const joined = round % 2 === 0 ? before : after;
    for (const column of round % 2 === 0 ? columns : [...columns].reverse())
      stack(
        column,
        column.map((cell) => mean((joined.get(cell) ?? []).map((other) => other.y)) ?? cell.y),
      );
  }
  const top = Math.min(...columns.flat().map((cell) => cell.y - cell.height / 2));
  for (const cell of columns.flat()) cell.y += margin - top;
}

/** Puts cells as near to where they are wanted as their order and sizes allow. */
function stack(column: Cell[], wanted: number[]): void {
  let bottom = Number.NEGATIVE_INFINITY;
  column.forEach((cell, index) => {
    cell.y = Math.max(wanted[index] ?? 0, bottom + rowGap + cell.height / 2);
    bottom = cell.y + cell.height / 2;
  });
  // Pushing down shifted the column; move it back as a whole, by the mean shift.
  const shift = mean(column.map((cell, index) => cell.y - (wanted[index] ?? 0))) ?? 0;
  for (const cell of column) cell.y -= shift;
}

/** Spreads the arrows of one side over it, in the order of where they lead. */
function assignPorts(columns: Cell[][], edges: Routed[]): void {
  const segments = edges.flatMap((edge) => edge.segments);
  for (const cell of columns.flat()) {
    const rights = segments
      .filter((one) => one.left === cell)
      .sort((a, b) => a.right.y - b.right.y || Number(a.edge.back) - Number(b.edge.back));
    const lefts = segments
      .filter((one) => one.right === cell)
      .sort((a, b) => a.left.y - b.left.y || Number(a.edge.back) - Number(b.edge.back));
    rights.forEach((one, index) => (one.leftY = cell.y + (cell.node ? (index - (rights.length - 1) / 2) * portGap : 0)));
    lefts.forEach((one, index) => (one.rightY = cell.y + (cell.node ? (index - (lefts.length - 1) / 2) * portGap : 0)));
  }
}

function labelOf(edge: Merged): string {
  return edge.titles.join(" / ");
}

function draw(columns: Cell[][], edges: Routed[], loops: Merged[]): Drawing {
  const widths = columns.map((column) => Math.max(0, ...column.map((cell) => cell.width)));
  const gaps = columns.map((_, layer) => gapAfter(layer, edges));
  const centres: number[] = [];
  let x = margin;
  widths.forEach((width, layer) => {
    centres.push(x + width / 2);
    x += width + (layer < widths.length - 1 ? (gaps[layer] ?? minGap) : 0);
  });
  const centreOf = (cell: Cell) => centres[cell.layer] ?? 0;
  const cells = columns.flat();
  const nodes = cells.flatMap((cell): NodeOut[] =>
    cell.node
      ? [{ name: cell.node.name, title: cell.node.title, x: centreOf(cell), y: cell.y, width: cell.width, height: heightOf(cell, loops) }]
      : [],
  );
  const drawn = edges.map((edge) => drawEdge(edge, centreOf, widths));
  const loopsDrawn = loops.flatMap((loop) =>
    drawLoop(
      loop,
      nodes.find((node) => node.name === loop.from),
    ),
  );
  const bottom = Math.max(0, ...cells.map((cell) => cell.y + cell.height / 2));
  return { width: x + margin, height: bottom + margin, nodes, edges: [...drawn, ...loopsDrawn] };
}

/** A looped state keeps room for its loop above it. */
function heightOf(cell: Cell, loops: Merged[]): number {
  return loops.some((loop) => loop.from === cell.id) ? cell.height - loopHeight : cell.height;
}

/** Room between two layers: enough for the longest label that stands there. */
function gapAfter(layer: number, edges: Routed[]): number {
  const labels = edges.filter((edge) => labelSegment(edge)?.left.layer === layer).map((edge) => textWidth(labelOf(edge), labelSize));
  return Math.max(minGap, ...labels.map((width) => width + 60));
}

/** Arrows are labelled where they leave their state. */
function labelSegment(edge: Routed): Segment | undefined {
  return edge.back ? edge.segments.at(-1) : edge.segments[0];
}

function drawEdge(edge: Routed, centreOf: (cell: Cell) => number, widths: number[]): EdgeOut {
  const points = edge.segments.flatMap((one): [number, number, number, number][] => {
    const startX = centreOf(one.left) + (one.left.node ? one.left.width / 2 : 0);
    const endX = centreOf(one.right) - (one.right.node ? one.right.width / 2 : 0);
    return [[startX, one.leftY, endX, one.rightY]];
  });
  const parts = edge.back ? [...points].reverse().map(([ax, ay, bx, by]): [number, number, number, number] => [bx, by, ax, ay]) : points;
  const path = parts
    .map(([ax, ay, bx, by], index) => `${index === 0 ? `M${round(ax)} ${round(ay)}` : ""}${curve(ax, ay, bx, by)}`)
    .join("");
  const at = labelSegment(edge);
  const label = at ? gapMiddle(at, centreOf, widths) : { x: 0, y: 0 };
  return { from: edge.from, to: edge.to, titles: edge.titles, system: edge.system, back: edge.back, path, label };
}

/** The middle of the free room between the two columns, where no state can be in the way. */
function gapMiddle(segment: Segment, centreOf: (cell: Cell) => number, widths: number[]): { x: number; y: number } {
  const from = centreOf(segment.left) + (widths[segment.left.layer] ?? 0) / 2;
  const to = centreOf(segment.right) - (widths[segment.right.layer] ?? 0) / 2;
  return { x: (from + to) / 2, y: (segment.leftY + segment.rightY) / 2 };
}

/** A curve that leaves and arrives level; straight where it can be. */
function curve(ax: number, ay: number, bx: number, by: number): string {
  if (Math.abs(ay - by) < 0.5) return `L${round(bx)} ${round(by)}`;
  const middle = (ax + bx) / 2;
  return `C${round(middle)} ${round(ay)} ${round(middle)} ${round(by)} ${round(bx)} ${round(by)}`;
}

function drawLoop(loop: Merged, node: NodeOut | undefined): EdgeOut[] {
  if (!node) return [];
  const top = node.y - node.height / 2;
  const [a, b] = [node.x - 14, node.x + 14];
  const path = `M${round(a)} ${round(top)}C${round(a)} ${round(top - 20)} ${round(b)} ${round(top - 20)} ${round(b)} ${round(top)}`;
  return [{ ...loop, back: false, path, label: { x: node.x, y: top - 24 } }];
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
