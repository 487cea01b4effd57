import type { DayOfUse } from "../api/sharing";
import { SeriesWidget } from "../board/ChartWidgets";
import { DataTable } from "../kit/DataTable";
import { formatNumber } from "../kit/format";
import { Empty, Loaded } from "../kit/states";
import { formatTime } from "../kit/time";
import { useText } from "../text";
import { en } from "../text/en";
import { zh } from "../text/zh";
import { useUse } from "./grants";

/** How a grant has been used, day by day: a chart, and its figures beside it. */
export function UseByDay({ grant }: { grant: string }) {
  const { t } = useText();
  const use = useUse(grant);
  return (
    <Loaded query={use} rows={5}>
      {({ items }) => (items.length === 0 ? <Empty title={t.sharing.notUsed} /> : <Picture days={items} />)}
    </Loaded>
  );
}

function Picture({ days }: { days: DayOfUse[] }) {
  const { t } = useText();
  const oldestFirst = [...days].reverse();
  const series = [
    { title: { zh: zh.sharing.calls, en: en.sharing.calls }, y: oldestFirst.map(({ calls }) => calls) },
    { title: { zh: zh.sharing.records, en: en.sharing.records }, y: oldestFirst.map(({ records }) => records) },
  ];
  return (
    <div className="cs-picture">
      <div className="cs-picture-chart">
        <SeriesWidget data={{ x: oldestFirst.map(({ day }) => day), series }} title={t.sharing.useByDay} asTable={false} />
      </div>
      <DataTable
        compact
        caption={t.sharing.useByDay}
        rows={days}
        rowKey={({ day }) => day}
        columns={[
          { key: "day", title: t.sharing.day, header: true, render: ({ day }) => <time dateTime={day}>{day}</time> },
          { key: "calls", title: t.sharing.calls, numeric: true, render: ({ calls }) => formatNumber(calls) },
          { key: "records", title: t.sharing.records, numeric: true, render: ({ records }) => formatNumber(records) },
          { key: "last", title: t.sharing.lastAt, render: ({ last_at }) => <time dateTime={last_at}>{formatTime(last_at)}</time> },
        ]}
      />
    </div>
  );
}
