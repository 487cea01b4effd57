import { AimOutlined, CompressOutlined, MinusOutlined, PlusOutlined } from "@ant-design/icons";
import { Alert } from "antd";
import type { GeoJSONSource, Map as MapLibreMap, MapMouseEvent } from "maplibre-gl";
import { useCallback, useEffect, useRef, useState } from "react";
import type { Area, MapPoint, Point } from "../api/types";
import { usePreferences } from "../kit/preferences";
import { useText } from "../text";
import { boundsOf } from "./geometry";
import type { Areas } from "./geometry";
import { areaData, draftData, nameData, nameSizes, pickedData, pointData, shapeData, streetData } from "./style";
import type { Collection } from "./style";
import { createMap } from "./create";
import { useStreets } from "./useStreets";
import "./map.css";

interface Props {
  /** What the map shows, for those who do not see it. */
  label: string;
  areas: Areas | undefined;
  points: MapPoint[];
  /** Areas of the item itself, drawn above the counties. */
  shapes?: Area[];
  /** The corners of an area being drawn. */
  draft?: Point[];
  picked?: Point;
  onPick?: (point: Point) => void;
  /** What picking the middle of the map is called. */
  pickLabel?: string;
  /** A pin was chosen. */
  onOpen?: (point: { id: string; type: string }) => void;
  /** Starts on the points rather than on the whole city. */
  fitPoints?: boolean;
  /** In pixels; without it the map fills its parent. */
  height?: number;
  dark?: boolean;
}

/** The map of the city: our own county boundaries, pins, and nothing from outside. What it shows always stands elsewhere as a table too. */
export function MapCanvas(props: Props) {
  const { t } = useText();
  const frame = useRef<HTMLDivElement>(null);
  const { map, failed } = useMap(frame, props.dark === true, props.label);
  useData(map, props);
  useStreetNames(map);
  useNameSizes(map);
  useFirstView(map, props);
  usePicking(map, props.onPick);
  useOpening(map, props.onOpen);
  if (failed) return <Alert type="warning" showIcon title={t.map.failed} />;
  return (
    <div className={props.dark ? "cs-map cs-map-dark" : "cs-map"} style={props.height === undefined ? undefined : { height: props.height }}>
      <div ref={frame} className={props.onPick ? "cs-map-frame cs-map-picking" : "cs-map-frame"} />
      {props.onPick ? <div className="cs-map-cross" aria-hidden /> : null}
      <Buttons map={map} areas={props.areas} onPick={props.onPick} pickLabel={props.pickLabel ?? t.place.centre} />
      <span className="cs-map-sketch" title={t.map.sketchHelp}>
        {t.map.sketch}
      </span>
    </div>
  );
}

function useMap(frame: React.RefObject<HTMLDivElement | null>, dark: boolean, label: string) {
  const { t } = useText();
  const [map, setMap] = useState<MapLibreMap>();
  const [failed] = useState(() => !canDraw());
  const title = `${label}. ${t.map.keyboard}`;
  const firstTitle = useRef(title);
  useEffect(() => {
    if (!frame.current) return;
    const { dataset } = frame.current;
    const created = createMap(frame.current, { dark, title: firstTitle.current });
    created.once("load", () => setMap(created));
    // Tells tests, and printing, when there is something to see.
    created.on("dataloading", () => delete dataset.drawn);
    created.on("idle", () => (dataset.drawn = "true"));
    return () => {
      setMap(undefined);
      created.remove();
    };
  }, [frame, dark]);
  useEffect(() => {
    map?.getCanvas().setAttribute("aria-label", title);
  }, [map, title]);
  return { map, failed };
}

/** MapLibre draws with WebGL 2, which old phones and remote desktops may lack. */
function canDraw(): boolean {
  return document.createElement("canvas").getContext("webgl2") !== null;
}

function setData(map: MapLibreMap | undefined, source: string, data: Collection): void {
  map?.getSource<GeoJSONSource>(source)?.setData(data);
}

function useData(map: MapLibreMap | undefined, { areas, points, shapes, draft, picked }: Props): void {
  const { pick } = useText();
  useEffect(() => {
    setData(map, "areas", areaData(areas));
    setData(map, "names", nameData(areas));
  }, [map, areas]);
  useEffect(
    () =>
      setData(
        map,
        "points",
        pointData(points, (point) => pick(point.title)),
      ),
    [map, points, pick],
  );
  useEffect(() => setData(map, "shapes", shapeData(shapes ?? [])), [map, shapes]);
  useEffect(() => setData(map, "draft", draftData(draft)), [map, draft]);
  useEffect(() => setData(map, "picked", pickedData(picked)), [map, picked]);
}

function useStreetNames(map: MapLibreMap | undefined): void {
  const streets = useStreets(map);
  useEffect(() => setData(map, "streets", streetData(streets)), [map, streets]);
}

const elderScale = 1.5;

/** Names grow with the elders' mode, as everything else does. */
function useNameSizes(map: MapLibreMap | undefined): void {
  const { elder } = usePreferences();
  useEffect(() => {
    for (const [layer, size] of Object.entries(nameSizes(elder ? elderScale : 1))) map?.setLayoutProperty(layer, "text-size", size);
  }, [map, elder]);
}

const padding = 24;
const closeZoom = 11.7;

function showWhole(map: MapLibreMap, areas: Areas | undefined, animate: boolean): boolean {
  const bounds = boundsOf((areas?.features ?? []).map((feature) => feature.geometry));
  if (!bounds) return false;
  map.fitBounds(bounds, { padding, animate });
  return true;
}

/** Once, when there is something to show: the point chosen or the item's place, else the whole city. Later changes leave the view alone. */
function useFirstView(map: MapLibreMap | undefined, { areas, points, shapes, picked, fitPoints }: Props): void {
  const shown = useRef<MapLibreMap>(undefined);
  useEffect(() => {
    if (!map || shown.current === map) return;
    const near = picked ? [picked] : fitPoints ? points : [];
    const bounds = boundsOf(fitPoints ? (shapes ?? []) : [], near);
    if (bounds) {
      map.fitBounds(bounds, { padding: 48, maxZoom: closeZoom, animate: false });
      shown.current = map;
    } else if (showWhole(map, areas, false)) shown.current = map;
  }, [map, areas, points, shapes, picked, fitPoints]);
}

function usePicking(map: MapLibreMap | undefined, onPick: Props["onPick"]): void {
  useEffect(() => {
    if (!map || !onPick) return;
    const click = (event: MapMouseEvent) => onPick(rounded(event.lngLat));
    map.on("click", click);
    return () => {
      map.off("click", click);
    };
  }, [map, onPick]);
}

/** Six decimals are a tenth of a metre, which is more than any citizen's finger. */
function rounded({ lng, lat }: { lng: number; lat: number }): Point {
  return { lon: Math.round(lng * 1e6) / 1e6, lat: Math.round(lat * 1e6) / 1e6 };
}

function useOpening(map: MapLibreMap | undefined, onOpen: Props["onOpen"]): void {
  useEffect(() => {
    if (!map) return;
    const open = (event: MapMouseEvent) => {
      const [feature] = map.queryRenderedFeatures(event.point, { layers: ["points"] });
      if (feature && onOpen) onOpen({ id: String(feature.properties.id), type: String(feature.properties.type) });
    };
    const unfold = (event: MapMouseEvent) => {
      const [cluster] = map.queryRenderedFeatures(event.point, { layers: ["clusters"] });
      if (cluster) map.easeTo({ center: event.lngLat, zoom: map.getZoom() + 2 });
    };
    const over = () => (map.getCanvas().style.cursor = "pointer");
    const out = () => (map.getCanvas().style.cursor = "");
    map.on("click", "points", open);
    map.on("click", "clusters", unfold);
    map.on("mouseenter", "points", over);
    map.on("mouseleave", "points", out);
    return () => {
      map.off("click", "points", open);
      map.off("click", "clusters", unfold);
      map.off("mouseenter", "points", over);
      map.off("mouseleave", "points", out);
    };
  }, [map, onOpen]);
}

interface ButtonProps {
  map: MapLibreMap | undefined;
  areas: Areas | undefined;
  onPick: Props["onPick"];
  pickLabel: string;
}

function Buttons({ map, areas, onPick, pickLabel }: ButtonProps) {
  const { t } = useText();
  const pickCentre = useCallback(() => {
    if (map && onPick) onPick(rounded(map.getCenter()));
  }, [map, onPick]);
  return (
    <>
      <div className="cs-map-buttons">
        <MapButton label={t.map.zoomIn} icon={<PlusOutlined aria-hidden />} press={() => map?.zoomIn()} />
        <MapButton label={t.map.zoomOut} icon={<MinusOutlined aria-hidden />} press={() => map?.zoomOut()} />
        <MapButton label={t.map.whole} icon={<CompressOutlined aria-hidden />} press={() => map && showWhole(map, areas, true)} />
      </div>
      {onPick ? (
        <button type="button" className="cs-map-button cs-map-pick" onClick={pickCentre}>
          <AimOutlined aria-hidden /> {pickLabel}
        </button>
      ) : null}
    </>
  );
}

function MapButton({ label, icon, press }: { label: string; icon: React.ReactNode; press: () => void }) {
  return (
    <button type="button" className="cs-map-button" aria-label={label} title={label} onClick={press}>
      {icon}
    </button>
  );
}
