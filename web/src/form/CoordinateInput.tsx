import { Input } from "antd";
import { useId, useState } from "react";
import type { Point } from "../api/types";
import { Choose } from "../kit/Choose";
import { useText } from "../text";

type Datum = "wgs84" | "gcj02" | "bd09";

/** Longitude and latitude as typed. A datum other than WGS84 travels with the point, and the server converts it. */
export function CoordinateInput({ value, change }: { value: Point | undefined; change: (point: Point | undefined) => void }) {
  const { t } = useText();
  const id = useId();
  const [lon, setLon] = useState(value ? String(value.lon) : "");
  const [lat, setLat] = useState(value ? String(value.lat) : "");
  const [datum, setDatum] = useState<Datum>(value?.datum ?? "wgs84");

  const update = (nextLon: string, nextLat: string, nextDatum: Datum) => {
    setLon(nextLon);
    setLat(nextLat);
    setDatum(nextDatum);
    change(pointFrom(nextLon, nextLat, nextDatum));
  };
  const wrongLon = lon !== "" && degrees(lon, 180) === undefined;
  const wrongLat = lat !== "" && degrees(lat, 90) === undefined;
  return (
    <div className="cs-place-list">
      <div className="cs-place-field">
        <label htmlFor={`${id}-lon`}>{t.field.lon}</label>
        <Input
          id={`${id}-lon`}
          inputMode="decimal"
          placeholder="114.51480"
          value={lon}
          status={wrongLon ? "error" : undefined}
          aria-invalid={wrongLon}
          onChange={(event) => update(event.target.value, lat, datum)}
        />
        {wrongLon ? <span className="cs-error">{t.place.lonMessage}</span> : null}
      </div>
      <div className="cs-place-field">
        <label htmlFor={`${id}-lat`}>{t.field.lat}</label>
        <Input
          id={`${id}-lat`}
          inputMode="decimal"
          placeholder="38.04230"
          value={lat}
          status={wrongLat ? "error" : undefined}
          aria-invalid={wrongLat}
          onChange={(event) => update(lon, event.target.value, datum)}
        />
        {wrongLat ? <span className="cs-error">{t.place.latMessage}</span> : null}
      </div>
      <div className="cs-place-field">
        <label htmlFor={`${id}-datum`}>{t.place.datum}</label>
        <Choose<Datum>
          title={t.place.datum}
          id={`${id}-datum`}
          value={datum}
          onChange={(next) => update(lon, lat, next)}
          options={[
            { value: "wgs84", label: t.place.wgs84 },
            { value: "gcj02", label: t.place.gcj02 },
            { value: "bd09", label: t.place.bd09 },
          ]}
        />
      </div>
    </div>
  );
}

function degrees(text: string, limit: number): number | undefined {
  const value = Number(text.trim());
  return text.trim() !== "" && Number.isFinite(value) && Math.abs(value) <= limit ? value : undefined;
}

/** A point from two typed numbers; undefined until both are right. */
export function pointFrom(lonText: string, latText: string, datum: Datum): Point | undefined {
  const lon = degrees(lonText, 180);
  const lat = degrees(latText, 90);
  if (lon === undefined || lat === undefined) return undefined;
  return datum === "wgs84" ? { lon, lat } : { lon, lat, datum };
}
