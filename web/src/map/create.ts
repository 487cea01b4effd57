import { Map as MapLibreMap, ScaleControl, setWorkerUrl } from "maplibre-gl";
import "maplibre-gl/dist/maplibre-gl.css";
import workerUrl from "maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url";
import { addPins } from "./pins";
import { buildStyle, darkPalette, lightPalette } from "./style";

setWorkerUrl(workerUrl); // MapLibre 6 stays blank without it

const cityCentre: [number, number] = [114.51, 38.04];
const cityBox: [number, number, number, number] = [112.4, 36.6, 116.6, 39.6];

/** A map of the city in a frame. */
export function createMap(container: HTMLElement, { dark, title }: { dark: boolean; title: string }): MapLibreMap {
  const map = new MapLibreMap({
    container,
    style: buildStyle(dark ? darkPalette : lightPalette),
    center: cityCentre,
    zoom: 7.6,
    minZoom: 6,
    maxZoom: 18,
    maxBounds: cityBox,
    attributionControl: false,
    dragRotate: false,
    pitchWithRotate: false,
    touchPitch: false,
    cooperativeGestures: false,
    // No glyph server: every character is drawn by the browser from its own fonts.
    localIdeographFontFamily: '"PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif',
  });
  map.touchZoomRotate.disableRotation();
  map.keyboard.disableRotation();
  map.getCanvas().setAttribute("aria-label", title);
  map.addControl(new ScaleControl({ unit: "metric", maxWidth: 90 }), "top-left");
  map.on("load", () => addPins(map));
  map.on("styleimagemissing", () => addPins(map));
  return map;
}
