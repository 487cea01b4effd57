import type { GeoJSONSourceSpecification, StyleSpecification } from "maplibre-gl";
import type { Area, MapPoint, Point } from "../api/types";
import { labelPoint } from "./geometry";
import type { Areas, NamedPoint } from "./geometry";

export interface Palette {
  ground: string;
  area: string;
  areaLine: string;
  text: string;
  halo: string;
  shape: string;
  street: string;
}

export const lightPalette: Palette = {
  ground: "#ebe7dc",
  area: "#fbfaf6",
  areaLine: "#8fa2ad",
  text: "#33444f",
  halo: "#fbfaf6",
  shape: "#1d5b79",
  street: "#5b6b75",
};
export const darkPalette: Palette = {
  ground: "#081620",
  area: "#123040",
  areaLine: "#3f7a96",
  text: "#cfe2ec",
  halo: "#0d2431",
  shape: "#7cc4e2",
  street: "#9db8c6",
};

export type Collection = Exclude<GeoJSONSourceSpecification["data"], string>;

export function areaData(areas: Areas | undefined): Collection {
  return {
    type: "FeatureCollection",
    features: (areas?.features ?? []).map(({ geometry, properties }) => ({
      type: "Feature",
      geometry: geometry as never,
      properties: { title: properties.title },
    })),
  };
}

/** One point for each name; a polygon's own symbol would be repeated at the border of each tile. */
export function nameData(areas: Areas | undefined): Collection {
  return {
    type: "FeatureCollection",
    features: (areas?.features ?? []).map(({ geometry, properties }) => {
      const { lon, lat } = labelPoint(geometry);
      return { type: "Feature", geometry: { type: "Point", coordinates: [lon, lat] }, properties: { title: properties.title } };
    }),
  };
}

export function shapeData(shapes: Area[]): Collection {
  return {
    type: "FeatureCollection",
    features: shapes.map((geometry) => ({ type: "Feature", geometry: geometry as never, properties: {} })),
  };
}

export function pointData(points: MapPoint[], titleOf: (point: MapPoint) => string): Collection {
  return {
    type: "FeatureCollection",
    features: points.map((point) => ({
      type: "Feature",
      geometry: { type: "Point", coordinates: [point.lon, point.lat] },
      properties: {
        id: point.id,
        type: point.type,
        title: titleOf(point),
        icon: `pin-${point.light ?? "none"}`,
        rank: urgency[point.light ?? "none"],
      },
    })),
  };
}

/** Overdue pins are drawn above the others. */
const urgency = { red: 5, yellow: 4, green: 3, paused: 2, none: 1, closed: 0 } as const;

/** Names at their places: streets, villages. */
export function streetData(places: NamedPoint[] | undefined): Collection {
  return {
    type: "FeatureCollection",
    features: (places ?? []).map(({ lon, lat, title }) => ({
      type: "Feature",
      geometry: { type: "Point", coordinates: [lon, lat] },
      properties: { title },
    })),
  };
}

/** An area being drawn: its corners, and the line along them. */
export function draftData(corners: Point[] | undefined): Collection {
  const at = (corners ?? []).map(({ lon, lat }) => [lon, lat]);
  return {
    type: "FeatureCollection",
    features: [
      ...(at.length > 1 ? [{ type: "Feature" as const, geometry: { type: "LineString" as const, coordinates: at }, properties: {} }] : []),
      ...at.map((coordinates) => ({ type: "Feature" as const, geometry: { type: "Point" as const, coordinates }, properties: {} })),
    ],
  };
}

export function pickedData(point: Point | undefined): Collection {
  return {
    type: "FeatureCollection",
    features: point ? [{ type: "Feature", geometry: { type: "Point", coordinates: [point.lon, point.lat] }, properties: {} }] : [],
  };
}

type Size = ["interpolate", ["linear"], ["zoom"], number, number, number, number];

/** How large names are written, in pixels by zoom; `scale` enlarges them. */
export function nameSizes(scale: number): { names: Size; streets: Size } {
  const size = (far: number, small: number, near: number, large: number): Size => ["interpolate", ["linear"], ["zoom"], far, small * scale, near, large * scale];
  return { names: size(7, 11, 11, 16), streets: size(10, 11, 14, 14) };
}

const sizes = nameSizes(1);
const empty: Collection = { type: "FeatureCollection", features: [] };
const font = ["sans"];

/** The whole style: our own boundaries, names and pins; nothing is fetched from anywhere. */
export function buildStyle(palette: Palette): StyleSpecification {
  return {
    version: 8,
    sources: {
      areas: { type: "geojson", data: empty },
      names: { type: "geojson", data: empty },
      streets: { type: "geojson", data: empty },
      shapes: { type: "geojson", data: empty },
      points: { type: "geojson", data: empty, cluster: true, clusterRadius: 42, clusterMaxZoom: 13 },
      draft: { type: "geojson", data: empty },
      picked: { type: "geojson", data: empty },
    },
    layers: [
      { id: "ground", type: "background", paint: { "background-color": palette.ground } },
      { id: "area", type: "fill", source: "areas", paint: { "fill-color": palette.area } },
      {
        id: "area-line",
        type: "line",
        source: "areas",
        paint: { "line-color": palette.areaLine, "line-width": ["interpolate", ["linear"], ["zoom"], 7, 0.8, 12, 2] },
      },
      { id: "shape", type: "fill", source: "shapes", paint: { "fill-color": palette.shape, "fill-opacity": 0.18 } },
      { id: "shape-line", type: "line", source: "shapes", paint: { "line-color": palette.shape, "line-width": 2 } },
      { id: "draft-line", type: "line", source: "draft", paint: { "line-color": palette.shape, "line-width": 2, "line-dasharray": [2, 1.5] } },
      {
        id: "draft-corner",
        type: "circle",
        source: "draft",
        filter: ["==", ["geometry-type"], "Point"],
        paint: { "circle-color": palette.halo, "circle-radius": 5, "circle-stroke-color": palette.shape, "circle-stroke-width": 2.5 },
      },
      {
        id: "street-dots",
        type: "circle",
        source: "streets",
        paint: { "circle-color": palette.street, "circle-radius": 2.5, "circle-opacity": 0.8 },
      },
      {
        id: "streets",
        type: "symbol",
        source: "streets",
        layout: {
          "text-field": ["get", "title"],
          "text-font": font,
          "text-size": sizes.streets,
          "text-anchor": "top",
          "text-offset": [0, 0.4],
          "text-padding": 3,
        },
        paint: { "text-color": palette.street, "text-halo-color": palette.halo, "text-halo-width": 1.4 },
      },
      {
        id: "names",
        type: "symbol",
        source: "names",
        layout: {
          "text-field": ["get", "title"],
          "text-font": font,
          "text-size": sizes.names,
          "text-padding": 4,
        },
        paint: { "text-color": palette.text, "text-halo-color": palette.halo, "text-halo-width": 1.6 },
      },
      {
        id: "clusters",
        type: "circle",
        source: "points",
        filter: ["has", "point_count"],
        paint: {
          "circle-color": "#1d5b79",
          "circle-radius": ["step", ["get", "point_count"], 15, 20, 19, 100, 24],
          "circle-stroke-color": "#ffffff",
          "circle-stroke-width": 2,
        },
      },
      {
        id: "cluster-count",
        type: "symbol",
        source: "points",
        filter: ["has", "point_count"],
        layout: { "text-field": ["to-string", ["get", "point_count"]], "text-font": font, "text-size": 13, "text-allow-overlap": true },
        paint: { "text-color": "#ffffff" },
      },
      {
        id: "points",
        type: "symbol",
        source: "points",
        filter: ["!", ["has", "point_count"]],
        layout: {
          "icon-image": ["get", "icon"],
          "icon-size": 0.5,
          "icon-allow-overlap": true,
          "icon-anchor": "bottom",
          "symbol-sort-key": ["get", "rank"],
        },
      },
      {
        id: "picked",
        type: "symbol",
        source: "picked",
        layout: { "icon-image": "pin-picked", "icon-size": 0.6, "icon-allow-overlap": true, "icon-anchor": "bottom" },
      },
    ],
  };
}
