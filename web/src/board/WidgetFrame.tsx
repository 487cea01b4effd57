import { AreaChartOutlined, TableOutlined } from "@ant-design/icons";
import { useState } from "react";
import type { Widget } from "../api/types";
import { useText } from "../text";
import { GroupWidget, SeriesWidget } from "./ChartWidgets";
import { MapWidget } from "./MapWidget";
import { NumberWidget } from "./NumberWidget";
import { QueueWidget } from "./QueueWidget";
import { RankingWidget } from "./RankingWidget";
import { read } from "./data";

/** Pictures that have a table behind them. */
const pictures = new Set<Widget["kind"]>(["series", "group", "map"]);

export function WidgetFrame({ widget, data }: { widget: Widget; data: unknown }) {
  const { t, pick } = useText();
  const [asTable, setAsTable] = useState(false);
  const title = pick(widget.title);
  const other = asTable ? (widget.kind === "map" ? t.common.asMap : t.common.asChart) : t.common.asTable;
  return (
    <section className={`cs-widget cs-widget-${widget.kind}`} aria-label={title}>
      <div className="cs-widget-head">
        <h2>{title}</h2>
        {pictures.has(widget.kind) ? (
          <button
            type="button"
            className="cs-widget-toggle"
            aria-pressed={asTable}
            aria-label={`${title}: ${t.common.asTable}`}
            title={other}
            onClick={() => setAsTable(!asTable)}
          >
            {asTable ? <AreaChartOutlined aria-hidden /> : <TableOutlined aria-hidden />}
          </button>
        ) : null}
      </div>
      <div className="cs-widget-body">
        <Content widget={widget} data={data} title={title} asTable={asTable} />
      </div>
    </section>
  );
}

interface ContentProps {
  widget: Widget;
  data: unknown;
  title: string;
  asTable: boolean;
}

function Content({ widget, data, title, asTable }: ContentProps) {
  switch (widget.kind) {
    case "number":
      return <OrNone value={read.number(data)}>{(value) => <NumberWidget data={value} />}</OrNone>;
    case "series":
      return <OrNone value={read.series(data)}>{(value) => <SeriesWidget data={value} title={title} asTable={asTable} />}</OrNone>;
    case "group":
      return <OrNone value={read.group(data)}>{(value) => <GroupWidget data={value} title={title} asTable={asTable} />}</OrNone>;
    case "ranking":
      return <OrNone value={read.ranking(data)}>{(value) => <RankingWidget data={value} title={title} />}</OrNone>;
    case "queue":
      return <OrNone value={read.queue(data)}>{(value) => <QueueWidget data={value} of={widget.of} />}</OrNone>;
    case "map":
      return <OrNone value={read.map(data)}>{(value) => <MapWidget data={value} title={title} asTable={asTable} />}</OrNone>;
    default:
      return <OrNone value={read.text(data)}>{(value) => <Words text={value.text} />}</OrNone>;
  }
}

function OrNone<T>({ value, children }: { value: T | undefined; children: (value: T) => React.ReactNode }) {
  const { t } = useText();
  return value === undefined ? <p className="cs-muted">{t.board.noData}</p> : children(value);
}

function Words({ text }: { text: string | { zh: string; en?: string } }) {
  const { pick } = useText();
  return <p className="cs-multiline">{pick(text)}</p>;
}
