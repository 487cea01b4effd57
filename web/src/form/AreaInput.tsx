import { CheckOutlined, ClearOutlined, UndoOutlined } from "@ant-design/icons";
import { Button, Input, Segmented } from "antd";
import { Suspense, lazy, useMemo, useState } from "react";
import type { Area, Point } from "../api/types";
import { isArea } from "../kit/format";
import { Loading } from "../kit/states";
import { useAreas } from "../map/useAreas";
import { useText } from "../text";
import { cornersOf, crossesItself, polygonOf } from "./ring";

const MapCanvas = lazy(async () => ({ default: (await import("../map/MapCanvas")).MapCanvas }));

type Mode = "map" | "type";

interface Props {
  id: string;
  /** GeoJSON as text, which is what stands in the form. */
  text: string;
  change: (text: string) => void;
  described?: string;
  invalid: boolean;
  required: boolean;
}

/** An area, drawn corner by corner on the map, or typed as GeoJSON: both lead to the same value. */
export function AreaInput({ id, text, change, described, invalid, required }: Props) {
  const { t } = useText();
  const [mode, setMode] = useState<Mode>("map");
  return (
    <div className="cs-place">
      <div className="cs-row">
        <Segmented<Mode>
          aria-label={t.area.mode}
          value={mode}
          onChange={setMode}
          options={[
            { value: "map", label: t.area.draw },
            { value: "type", label: t.area.type },
          ]}
        />
      </div>
      {mode === "map" ? (
        <Drawing text={text} change={change} />
      ) : (
        <Input.TextArea
          id={id}
          aria-label={t.area.type}
          aria-describedby={described}
          aria-required={required}
          aria-invalid={invalid}
          status={invalid ? "error" : undefined}
          autoSize={{ minRows: 3, maxRows: 8 }}
          placeholder={t.form.areaHelp}
          value={text}
          onChange={(event) => change(event.target.value)}
          className="cs-mono"
        />
      )}
    </div>
  );
}

/** From three corners on the form holds the area they enclose, unless its border crosses itself; closing only keeps further clicks away. */
function Drawing({ text, change }: Pick<Props, "text" | "change">) {
  const { t } = useText();
  const areas = useAreas();
  const given = useMemo(() => areaIn(text), [text]);
  const shapes = useMemo(() => (given ? [given] : []), [given]);
  const [corners, setCorners] = useState<Point[]>(() => cornersOf(given) ?? []);
  const [closed, setClosed] = useState(given !== undefined);
  const crossing = crossesItself(corners);
  const draw = (next: Point[]) => {
    setCorners(next);
    setClosed(false);
    const area = crossesItself(next) ? undefined : polygonOf(next);
    change(area ? JSON.stringify(area) : "");
  };
  return (
    <>
      <p className="cs-help">{t.area.help}</p>
      <Suspense fallback={<Loading rows={6} />}>
        <MapCanvas
          label={t.area.draw}
          areas={areas.data}
          points={[]}
          shapes={shapes}
          draft={closed ? undefined : corners}
          fitPoints
          pickLabel={t.area.centre}
          onPick={closed ? undefined : (point) => draw([...corners, point])}
          height={400}
        />
      </Suspense>
      <div className="cs-row">
        <Button icon={<CheckOutlined aria-hidden />} disabled={closed || crossing || corners.length < 3} onClick={() => setClosed(true)}>
          {t.area.close}
        </Button>
        <Button icon={<UndoOutlined aria-hidden />} disabled={corners.length === 0} onClick={() => draw(corners.slice(0, -1))}>
          {t.area.undo}
        </Button>
        <Button icon={<ClearOutlined aria-hidden />} disabled={corners.length === 0 && !given} onClick={() => draw([])}>
          {t.area.clear}
        </Button>
      </div>
      <div className="cs-place-chosen" role="status">
        {given && corners.length === 0 ? t.area.given : closed ? t.area.closed(corners.length) : t.area.corners(corners.length)}
        {crossing ? <span className="cs-error">{t.area.crosses}</span> : null}
      </div>
    </>
  );
}

function areaIn(text: string): Area | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isArea(value as never) ? (value as Area) : undefined;
  } catch {
    return undefined; // nothing yet, or half of it
  }
}
