import type { ReactNode } from "react";
import "./table.css";

export interface Column<Row> {
  key: string;
  title: string;
  render: (row: Row) => ReactNode;
  /** Right-aligned digits of equal width. */
  numeric?: boolean;
  /** The cell that names its row for a screen reader. */
  header?: boolean;
}

/**
 * A table that becomes a stack of cards on a phone. The roles are written out because `display: block` takes a table's own roles away.
 * The frame takes the focus so that a wide table can be scrolled with the keyboard.
 */
export function DataTable<Row>({
  caption,
  columns,
  rows,
  rowKey,
  rowClass,
  compact,
}: {
  caption: string;
  columns: Column<Row>[];
  rows: Row[];
  rowKey: (row: Row, index: number) => string;
  rowClass?: (row: Row) => string | undefined;
  compact?: boolean;
}) {
  return (
    <div className={compact ? "cs-table-frame cs-table-compact" : "cs-table-frame"} role="group" aria-label={caption} tabIndex={0}>
      <table className="cs-table" role="table">
        <caption className="cs-unseen">{caption}</caption>
        <thead role="rowgroup">
          <tr role="row">
            {columns.map((column) => (
              <th key={column.key} role="columnheader" scope="col" className={column.numeric ? "cs-numeric" : undefined}>
                {column.title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody role="rowgroup">
          {rows.map((row, index) => (
            <tr key={rowKey(row, index)} role="row" className={rowClass?.(row)}>
              {columns.map((column) => (
                <Cell key={column.key} column={column} row={row} />
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Cell<Row>({ column, row }: { column: Column<Row>; row: Row }) {
  const content = column.render(row);
  const className = column.numeric ? "cs-numeric" : undefined;
  if (column.header)
    return (
      <th role="rowheader" scope="row" data-label={column.title} className={className}>
        {content}
      </th>
    );
  return (
    <td role="cell" data-label={column.title} className={className}>
      {content}
    </td>
  );
}
