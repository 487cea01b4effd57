import type { RankingColumn, RankingData } from "../api/types";
import { DataTable } from "../kit/DataTable";
import type { Column } from "../kit/DataTable";
import { formatNumber } from "../kit/format";
import { useText } from "../text";

type Row = RankingData["rows"][number];

const numericKinds = new Set(["integer", "decimal", "number", "percent"]);

export function RankingWidget({ data, title }: { data: RankingData; title: string }) {
  const { t, pick } = useText();
  if (data.rows.length === 0) return <p className="cs-muted">{t.board.noData}</p>;
  const isNumber = (column: RankingColumn) =>
    column.kind ? numericKinds.has(column.kind) : data.rows.every((row) => typeof row[column.name] === "number");
  const show = (row: Row, column: RankingColumn) => {
    const value = row[column.name];
    if (column.kind === "percent" && typeof value === "number") return `${formatNumber(value * 100)}%`;
    if (typeof value === "boolean") return value ? t.common.yes : t.common.no;
    return typeof value === "object" ? pick(value) : formatNumber(value);
  };
  const columns: Column<{ row: Row; rank: number }>[] = [
    { key: "#rank", title: t.board.rank, numeric: true, render: ({ rank }) => rank },
    ...data.columns.map((column, index): Column<{ row: Row; rank: number }> => ({
      key: column.name,
      title: pick(column.title),
      header: index === 0,
      numeric: isNumber(column),
      render: ({ row }) => show(row, column),
    })),
  ];
  return (
    <DataTable
      compact
      caption={title}
      columns={columns}
      rows={data.rows.map((row, index) => ({ row, rank: index + 1 }))}
      rowKey={({ rank }) => String(rank)}
    />
  );
}
