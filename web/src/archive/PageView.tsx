import { LeftOutlined, RightOutlined, ZoomInOutlined, ZoomOutOutlined } from "@ant-design/icons";
import { Button } from "antd";
import { useRef, useState } from "react";
import type { PointerEvent } from "react";
import { useText } from "../text";
import { boxOf } from "./model";
import type { Place, ScannedPage } from "./model";

export interface Box {
  field: string;
  title: string;
  place: Place;
  doubtful: boolean;
}

interface Props {
  pages: ScannedPage[];
  page: number;
  turnTo: (page: number) => void;
  boxes: Box[];
  chosen?: string;
  choose: (field: string) => void;
  /** Set while the place of a field is being marked. */
  marking?: { title: string; done: (place: Place | undefined) => void };
}

const zooms = [50, 75, 100, 150, 200, 300];

/** A scanned page with a box around each value; a box is a button that chooses its field. */
export function PageView({ pages, page, turnTo, boxes, chosen, choose, marking }: Props) {
  const { t } = useText();
  const [zoom, setZoom] = useState(2);
  const [drag, setDrag] = useState<{ from: Point; to: Point }>();
  const sheet = useRef<HTMLDivElement>(null);
  const shown = pages.find((one) => one.page === page) ?? pages[0];
  if (!shown) return <p className="cs-muted">{t.archive.none}</p>;
  const at = (event: PointerEvent): Point => {
    const frame = sheet.current?.getBoundingClientRect();
    return frame ? { x: (event.clientX - frame.left) / frame.width, y: (event.clientY - frame.top) / frame.height } : { x: 0, y: 0 };
  };
  const draft = drag ? boxOf(shown.page, drag.from, drag.to) : undefined;
  const finish = () => {
    setDrag(undefined);
    if (draft) marking?.done(draft);
  };
  return (
    <div className="cs-scan">
      <div className="cs-scan-tools">
        <Button icon={<LeftOutlined aria-hidden />} aria-label={t.archive.previous} disabled={shown.page <= 1} onClick={() => turnTo(shown.page - 1)} />
        <span aria-live="polite">{t.archive.page(shown.page, pages.length)}</span>
        <Button icon={<RightOutlined aria-hidden />} aria-label={t.archive.next} disabled={shown.page >= pages.length} onClick={() => turnTo(shown.page + 1)} />
        <Button icon={<ZoomOutOutlined aria-hidden />} aria-label={t.archive.smaller} disabled={zoom === 0} onClick={() => setZoom(zoom - 1)} />
        <span className="cs-number">{t.archive.zoom(zooms[zoom] ?? 100)}</span>
        <Button icon={<ZoomInOutlined aria-hidden />} aria-label={t.archive.larger} disabled={zoom === zooms.length - 1} onClick={() => setZoom(zoom + 1)} />
      </div>
      {marking ? (
        <p role="status" className="cs-scan-marking">
          {t.archive.markHelp(marking.title)}
        </p>
      ) : null}
      <div className="cs-scan-frame" role="group" aria-label={t.archive.image(shown.page)} tabIndex={0}>
        <div
          ref={sheet}
          className={marking ? "cs-scan-sheet cs-scan-sheet-marking" : "cs-scan-sheet"}
          style={{ width: `${zooms[zoom] ?? 100}%`, aspectRatio: `${shown.width} / ${shown.height}` }}
          onPointerDown={(event) => {
            if (!marking) return;
            event.currentTarget.setPointerCapture(event.pointerId);
            setDrag({ from: at(event), to: at(event) });
          }}
          onPointerMove={(event) => {
            if (drag) setDrag({ ...drag, to: at(event) });
          }}
          onPointerUp={finish}
          onPointerCancel={() => setDrag(undefined)}
        >
          <img src={shown.image} alt={t.archive.image(shown.page)} draggable={false} />
          {boxes
            .filter((box) => box.place.page === shown.page)
            .map((box) => (
              <button
                key={box.field}
                type="button"
                title={box.title}
                aria-label={t.archive.show(box.title)}
                aria-pressed={box.field === chosen}
                className={box.doubtful ? "cs-scan-box cs-scan-box-doubtful" : "cs-scan-box"}
                style={placed(box.place)}
                onClick={() => choose(box.field)}
              />
            ))}
          {draft ? <span className="cs-scan-box cs-scan-draft" style={placed(draft)} /> : null}
        </div>
      </div>
    </div>
  );
}

interface Point {
  x: number;
  y: number;
}

const percent = (share: number) => `${share * 100}%`;

/** Boxes stand a little off what they frame. */
function placed({ x, y, width, height }: Place) {
  return { left: percent(x - 0.004), top: percent(y - 0.006), width: percent(width + 0.008), height: percent(height + 0.012) };
}
