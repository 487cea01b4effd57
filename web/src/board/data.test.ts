import { describe, expect, it } from "vitest";
import type { Widget } from "../api/types";
import { packLines, read } from "./data";

const widget = (name: string, kind: Widget["kind"], span?: number, rows?: number): Widget => ({
  name,
  kind,
  title: { zh: name },
  span,
  rows,
});

describe("widgets fill lines of 12 columns", () => {
  it("in their order, a line as high as its highest", () => {
    const lines = packLines([
      widget("a", "number", 3),
      widget("b", "number", 9),
      widget("m", "map", 6),
      widget("q", "queue", 3),
      widget("s", "series", 3),
      widget("g", "group", 4),
      widget("r", "ranking", 8),
    ]);
    expect(lines.map((line) => [line.widgets.map((one) => one.name).join(""), line.rows])).toEqual([
      ["ab", 1],
      ["mqs", 4],
      ["gr", 3],
    ]);
  });

  it("a widget too wide is as wide as the board", () =>
    expect(packLines([widget("a", "text", 99), widget("b", "text", 1)]).map((line) => line.widgets.length)).toEqual([1, 1]));
  it("height as declared", () => expect(packLines([widget("a", "number", 12, 2)])[0]?.rows).toBe(2));
  it("no widgets, no lines", () => expect(packLines([])).toEqual([]));
});

describe("a widget takes only data that fit it", () => {
  it.each([
    ["number", { value: 3 }, true],
    ["number", { val: 3 }, false],
    ["number", null, false],
    ["series", { x: [], series: [] }, true],
    ["series", { x: [] }, false],
    ["map", { points: [] }, true],
    ["map", [], false],
    ["law", { articles: [] }, true],
  ] as const)("%s of %j: %s", (kind, data, want) => expect(read[kind](data) !== undefined).toBe(want));
});
