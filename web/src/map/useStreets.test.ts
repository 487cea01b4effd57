import { expect, it } from "vitest";
import { named } from "./useStreets";

it("names are points with titles; other features are left out", () => {
  const feature = (geometry: unknown, properties: unknown = { title: { zh: "建北街道", en: "" } }) => ({ type: "Feature", geometry, properties });
  const point = { type: "Point", coordinates: [114.5, 38] };
  expect(
    named({
      features: [
        feature(point),
        feature(point, { title: "青园街道" }),
        feature(point, {}),
        feature(null),
        feature({ type: "Polygon", coordinates: [[[0, 0]]] }),
        feature({ type: "Point", coordinates: ["a", 1] }),
        "nothing",
      ],
    }),
  ).toEqual([
    { lon: 114.5, lat: 38, title: "建北街道" },
    { lon: 114.5, lat: 38, title: "青园街道" },
  ]);
});
