import { AimOutlined, CloseOutlined } from "@ant-design/icons";
import { Button, Segmented } from "antd";
import { Suspense, lazy, useState } from "react";
import type { Point } from "../api/types";
import { formatPoint } from "../kit/format";
import { Loading } from "../kit/states";
import { areaAt } from "../map/geometry";
import { useAreas } from "../map/useAreas";
import { useText } from "../text";
import { CoordinateInput } from "./CoordinateInput";
import { PlaceSelect } from "./PlaceSelect";

const MapCanvas = lazy(async () => ({ default: (await import("../map/MapCanvas")).MapCanvas }));

type Mode = "map" | "list" | "type";

/** A place, chosen on the map, from the list of divisions, or by typing coordinates: each way leads to the same value. */
export function PointInput({ value, change }: { value: Point | undefined; change: (point: Point | undefined) => void }) {
  const { t } = useText();
  const [mode, setMode] = useState<Mode>("map");
  const areas = useAreas();
  return (
    <div className="cs-place">
      <div className="cs-row">
        <Segmented<Mode>
          aria-label={t.place.mode}
          value={mode}
          onChange={setMode}
          options={[
            { value: "map", label: t.place.map },
            { value: "list", label: t.place.list },
            { value: "type", label: t.place.type },
          ]}
        />
        <Locate change={change} />
      </div>
      {mode === "map" ? (
        <>
          <p className="cs-help">{t.place.clickHelp}</p>
          <Suspense fallback={<Loading rows={6} />}>
            <MapCanvas label={t.place.map} areas={areas.data} points={[]} picked={value} onPick={change} height={360} />
          </Suspense>
        </>
      ) : null}
      {mode === "list" ? <PlaceSelect areas={areas.data} change={change} /> : null}
      {mode === "type" ? <CoordinateInput value={value} change={change} /> : null}
      <Chosen
        value={value}
        inside={value ? areaAt(areas.data, value)?.properties.title : undefined}
        known={areas.data !== undefined}
        clear={() => change(undefined)}
      />
    </div>
  );
}

function Chosen({ value, inside, known, clear }: { value: Point | undefined; inside?: string; known: boolean; clear: () => void }) {
  const { t } = useText();
  // Points typed in another datum are converted by the server; until then no county can be named.
  const place = value === undefined || value.datum !== undefined || !known ? undefined : inside ? t.place.inside(inside) : t.place.outside;
  return (
    <div className="cs-place-chosen" role="status">
      {value ? (
        <>
          <span>
            {t.place.chosen}: <strong className="cs-number">{formatPoint(value)}</strong>
          </span>
          {place ? <span>{place}</span> : null}
          <button type="button" className="cs-link-button" onClick={clear}>
            <CloseOutlined aria-hidden /> {t.place.clear}
          </button>
        </>
      ) : (
        t.place.notChosen
      )}
    </div>
  );
}

const patience = 10_000; // ms

function Locate({ change }: { change: (point: Point) => void }) {
  const { t } = useText();
  const [state, setState] = useState<"idle" | "busy" | "failed">("idle");
  if (!("geolocation" in navigator)) return null;
  const locate = () => {
    setState("busy");
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        setState("idle");
        change({ lon: coords.longitude, lat: coords.latitude });
      },
      () => setState("failed"),
      { enableHighAccuracy: true, timeout: patience },
    );
  };
  return (
    <>
      <Button icon={<AimOutlined aria-hidden />} loading={state === "busy"} onClick={locate}>
        {state === "busy" ? t.place.locating : t.place.locate}
      </Button>
      {state === "failed" ? (
        <span role="alert" className="cs-error">
          {t.place.locateFailed}
        </span>
      ) : null}
    </>
  );
}
