import { useEffect, useRef } from "react";
import type { CSSProperties } from "react";
import { useScreenData } from "../api/queries";
import type { Screen, ScreenData, Widget } from "../api/types";
import { Empty, Failure, Loading } from "../kit/states";
import { formatClock } from "../kit/time";
import { useFace } from "../shell/paths";
import { useText } from "../text";
import { WidgetFrame } from "./WidgetFrame";
import { gridColumns, packLines, spanOf } from "./data";
import "./board.css";

/** A board of figures, charts, maps and queues, as its pack declares them. On the command screen it fills the whole window. */
export function BoardView({ screen }: { screen: Screen }) {
  const { t, pick } = useText();
  const data = useScreenData(screen.name);
  const heading = useRef<HTMLHeadingElement>(null);
  const title = pick(screen.title);
  useEffect(() => {
    document.title = `${title} · ${t.product.name}`;
  }, [title, t]);
  const widgets = screen.widgets ?? [];
  return (
    <div className={useFace() === "screen" ? "cs-board cs-board-full" : "cs-board"}>
      <div className="cs-board-head">
        <h1 ref={heading} tabIndex={-1}>
          {title}
        </h1>
        {data.dataUpdatedAt > 0 ? <span className="cs-muted cs-number">{t.board.updated(formatClock(data.dataUpdatedAt))}</span> : null}
      </div>
      {data.error ? <Failure error={data.error} retry={() => void data.refetch()} /> : null}
      {widgets.length === 0 ? (
        <Empty title={t.board.empty} help={t.board.emptyHelp} />
      ) : data.data || data.error ? (
        <Lines widgets={widgets} data={data.data} />
      ) : (
        <Loading rows={10} />
      )}
    </div>
  );
}

function Lines({ widgets, data }: { widgets: Widget[]; data: ScreenData | undefined }) {
  return packLines(widgets).map((line) => (
    <div key={line.widgets[0]?.name} className="cs-board-line" style={{ "--rows": line.rows, "--columns": gridColumns } as CSSProperties}>
      {line.widgets.map((widget) => (
        <div key={widget.name} className="cs-board-cell" style={{ "--span": spanOf(widget) } as CSSProperties}>
          <WidgetFrame widget={widget} data={data?.widgets[widget.name]} />
        </div>
      ))}
    </div>
  ));
}
