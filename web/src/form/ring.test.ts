import { describe, expect, it } from "vitest";
import type { Point } from "../api/types";
import { cornersOf, crossesItself, polygonOf } from "./ring";

const at = (...positions: [number, number][]): Point[] => positions.map(([lon, lat]) => ({ lon, lat }));
const square = at([0, 0], [2, 0], [2, 2], [0, 2]);

describe("corners and polygons", () => {
  it("two corners are no area yet", () => expect(polygonOf(at([0, 0], [1, 1]))).toBeUndefined());
  it("the ring is closed, and comes back as it was drawn", () => {
    const area = polygonOf(square);
    expect(area?.coordinates).toEqual([[[0, 0], [2, 0], [2, 2], [0, 2], [0, 0]]]);
    expect(cornersOf(area)).toEqual(square);
  });
  it("what has holes or parts is not drawn here", () => {
    const ring = polygonOf(square)?.coordinates[0];
    expect(cornersOf({ type: "Polygon", coordinates: [ring, ring] })).toBeUndefined();
    expect(cornersOf({ type: "MultiPolygon", coordinates: [[ring]] })).toBeUndefined();
    expect(cornersOf(undefined)).toBeUndefined();
  });
});

describe("a border crosses itself", () => {
  it.each([
    ["a square", square, false],
    ["a triangle", at([0, 0], [2, 0], [1, 2]), false],
    ["an inward corner", at([0, 0], [4, 0], [2, 1], [4, 4], [0, 4]), false],
    ["a bow tie", at([0, 0], [2, 2], [2, 0], [0, 2]), true],
    ["the closing side", at([0, 0], [4, 0], [4, 4], [2, -1]), true],
  ])("%s: %s", (_, corners, want) => expect(crossesItself(corners)).toBe(want));
});
