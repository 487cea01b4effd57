import { describe, expect, it } from "vitest";
import type { Area } from "../api/types";
import { areaAt, boundsOf, contains, countByArea, gridBox, labelPoint } from "./geometry";
import type { Areas } from "./geometry";

const box = (west: number, south: number, east: number, north: number) => [
  [west, south],
  [east, south],
  [east, north],
  [west, north],
  [west, south],
];
const withHole: Area = { type: "Polygon", coordinates: [box(0, 0, 10, 10), box(4, 4, 6, 6)] };
const two: Area = { type: "MultiPolygon", coordinates: [[box(20, 0, 21, 1)], [box(30, 0, 40, 10)]] };
const areas: Areas = {
  type: "FeatureCollection",
  features: [
    { type: "Feature", geometry: withHole, properties: { title: "甲区" } },
    { type: "Feature", geometry: two, properties: { title: "乙县" } },
  ],
};

describe("where a point lies", () => {
  it.each([
    [1, 1, true],
    [5, 5, false], // in the hole
    [11, 5, false],
    [-0.1, 5, false],
  ])("%d, %d in an area with a hole: %s", (lon, lat, want) => expect(contains(withHole, { lon, lat })).toBe(want));

  it("in either part of an area of two parts", () => {
    expect(contains(two, { lon: 20.5, lat: 0.5 })).toBe(true);
    expect(contains(two, { lon: 35, lat: 5 })).toBe(true);
    expect(contains(two, { lon: 25, lat: 0.5 })).toBe(false);
  });

  it("by name", () => {
    expect(areaAt(areas, { lon: 2, lat: 2 })?.properties.title).toBe("甲区");
    expect(areaAt(areas, { lon: 50, lat: 50 })).toBeUndefined();
    expect(areaAt(undefined, { lon: 2, lat: 2 })).toBeUndefined();
  });

  it("counted, most first, those outside under no name", () => {
    const points = [
      { lon: 35, lat: 5 },
      { lon: 36, lat: 5 },
      { lon: 2, lat: 2 },
      { lon: 99, lat: 9 },
    ];
    expect(countByArea(areas, points)).toEqual([
      { title: "乙县", count: 2 },
      { title: "", count: 1 },
      { title: "甲区", count: 1 },
    ]);
  });
});

describe("names and frames", () => {
  it("a name stands in the middle of the largest part", () => {
    const { lon, lat } = labelPoint(two);
    expect(lon).toBeCloseTo(35);
    expect(lat).toBeCloseTo(5);
  });
  it("even when the ring runs the other way round", () => {
    const { lon, lat } = labelPoint({ type: "Polygon", coordinates: [box(0, 0, 10, 4).reverse()] });
    expect([lon, lat].map(Math.round)).toEqual([5, 2]);
  });
  it("a degenerate area has its first corner", () =>
    expect(
      labelPoint({
        type: "Polygon",
        coordinates: [
          [
            [1, 2],
            [1, 2],
          ],
        ],
      }),
    ).toEqual({ lon: 1, lat: 2 }));
  it("the box around all", () => expect(boundsOf([withHole, two], [{ lon: 5, lat: 50 }])).toEqual([0, 0, 40, 50]));
  it("neighbouring views ask for one box of the grid, which holds both", () => {
    expect(gridBox([114.51, 38.01, 114.74, 38.2], 0.25)).toBe("114.5,38,114.75,38.25");
    expect(gridBox([114.53, 38.02, 114.75, 38.24], 0.25)).toBe("114.5,38,114.75,38.25");
    expect(gridBox([-0.01, -0.06, 0.01, 0.06], 0.05)).toBe("-0.05,-0.1,0.05,0.1");
  });
  it("nothing has no box", () => expect(boundsOf([])).toBeUndefined());
});
