import { Suspense, lazy, useMemo } from "react";
import type { GroupData, SeriesData } from "../api/types";
import { groupOption, seriesOption } from "../chart/options";
import type { ChartLook } from "../chart/options";
import { DataTable } from "../kit/DataTable";
import type { Column } from "../kit/DataTable";
import { formatNumber } from "../kit/format";
import { usePreferences } from "../kit/preferences";
import { Loading } from "../kit/states";
import { useFace } from "../shell/paths";
import { useText } from "../text";

const Chart = lazy(async () => ({ default: (await import("../chart/Chart")).Chart }));

function useLook(): ChartLook {
  const dark = useFace() === "screen";
  const { elder } = usePreferences();
  return useMemo(() => ({ dark, fontSize: elder ? 20 : 13 }), [dark, elder]);
}

export function SeriesWidget({ data, title, asTable }: { data: SeriesData; title: string; asTable: boolean }) {
  const text = useText();
  const { t, pick } = text;
  const look = useLook();
  const option = useMemo(() => seriesOption(data, look, text), [data, look, text]);
  if (data.x.length === 0) return <p className="cs-muted">{t.board.noData}</p>;
  if (!asTable)
    return (
      <Suspense fallback={<Loading rows={3} />}>
        <Chart option={option} label={title} />
      </Suspense>
    );
  const columns: Column<number>[] = [
    { key: "x", title: t.board.item, header: true, render: (index) => data.x[index] },
    ...data.series.map((one, at): Column<number> => ({
      key: String(at),
      title: pick(one.title),
      numeric: true,
      render: (index) => formatNumber(one.y[index]),
    })),
  ];
  return <DataTable compact caption={title} columns={columns} rows={data.x.map((_, index) => index)} rowKey={String} />;
}

export function GroupWidget({ data, title, asTable }: { data: GroupData; title: string; asTable: boolean }) {
  const text = useText();
  const { t, pick } = text;
  const look = useLook();
  const option = useMemo(() => groupOption(data, look, text), [data, look, text]);
  if (data.rows.length === 0) return <p className="cs-muted">{t.board.noData}</p>;
  if (!asTable)
    return (
      <Suspense fallback={<Loading rows={3} />}>
        <Chart option={option} label={title} />
      </Suspense>
    );
  return (
    <DataTable
      compact
      caption={title}
      rows={data.rows}
      rowKey={(row) => row.key}
      columns={[
        { key: "title", title: t.board.item, header: true, render: (row) => pick(row.title) },
        { key: "value", title: t.board.value, numeric: true, render: (row) => formatNumber(row.value) },
      ]}
    />
  );
}
