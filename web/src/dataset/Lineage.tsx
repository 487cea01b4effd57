import { TableOutlined, ShareAltOutlined } from "@ant-design/icons";
import { Button } from "antd";
import { useState } from "react";
import type { Manifest } from "../api/dataset";
import { DataTable } from "../kit/DataTable";
import { useGrants } from "../sharing/grants";
import { useSession } from "../session/session";
import { useText, wordFor } from "../text";
import { flowOf, nodeHeight, nodeWidth } from "./flow";
import type { Flow } from "./flow";

/** From which column of the file each field comes, what was done to it on the way, and who may use it: a picture, or the same as a table. */
export function FieldLineage({ manifest }: { manifest: Manifest }) {
  const text = useText();
  const { t, pick } = text;
  const [asTable, setAsTable] = useState(false);
  const session = useSession();
  const grants = useGrants(manifest.dataset, Boolean(session.data?.person));
  const holders = (grants.data?.pages.flatMap((page) => page.items) ?? []).filter(({ state }) => state === "valid");
  if (!manifest.columns?.length) return null;
  const steps = (field: string) =>
    (manifest.quality.cleaned ?? []).filter((one) => one.field === field && one.cells > 0).map(({ step }) => wordFor(t.dataset.steps, step));
  const rows = manifest.columns.map(({ header, field }) => ({
    header,
    field: field ? pick(manifest.fields.find(({ name }) => name === field)?.title) || field : "",
    steps: field ? steps(field) : [],
    holders: field ? holders.filter((grant) => grant.fields.includes(field)).map(({ holder_name: name }) => pick(name)) : [],
  }));
  const flow = flowOf(rows, t.dataset.named(manifest.version));
  return (
    <div className="cs-flow">
      <div className="cs-row cs-flow-head">
        <h3>{t.flow.title}</h3>
        <Button size="small" icon={asTable ? <ShareAltOutlined aria-hidden /> : <TableOutlined aria-hidden />} onClick={() => setAsTable(!asTable)}>
          {asTable ? t.flow.asPicture : t.common.asTable}
        </Button>
      </div>
      {asTable ? (
        <DataTable
          compact
          caption={t.flow.title}
          rows={rows}
          rowKey={({ header }, index) => `${index}:${header}`}
          columns={[
            { key: "header", title: t.flow.column, header: true, render: ({ header }) => header },
            { key: "steps", title: t.dataset.cleaned, render: (row) => row.steps.join(t.common.separator) },
            { key: "field", title: t.dataset.cleanedField, render: ({ field }) => field || <span className="cs-muted">{t.flow.leftOut}</span> },
            { key: "holders", title: t.sharing.holder, render: (row) => row.holders.join(t.common.separator) },
          ]}
        />
      ) : (
        <Picture flow={flow} label={t.flow.words(rows.length, rows.filter(({ field }) => field).length, holders.length)} />
      )}
    </div>
  );
}

/** Boxes in four columns with lines between them; a wide one scrolls by keyboard. */
function Picture({ flow, label }: { flow: Flow; label: string }) {
  return (
    <div className="cs-flow-frame" tabIndex={0} role="group" aria-label={label}>
      <svg role="img" aria-label={label} width={flow.width} height={flow.height} viewBox={`0 0 ${flow.width} ${flow.height}`}>
        {flow.lines.map(({ from, to, note }, index) => {
          const [x1, y1, x2, y2] = [from.x + nodeWidth, from.y + from.height / 2, to.x, to.y + Math.min(to.height / 2, to.height - 1)];
          const end = to.tall ? Math.min(Math.max(y1, to.y + 6), to.y + to.height - 6) : y2;
          const middle = (x1 + x2) / 2;
          return (
            <g key={index}>
              <path d={`M${x1},${y1} C${middle},${y1} ${middle},${end} ${x2},${end}`} className="cs-flow-line" />
              {note ? (
                <text x={middle} y={(y1 + end) / 2 - 5} className="cs-flow-note">
                  {note}
                </text>
              ) : null}
            </g>
          );
        })}
        {flow.nodes.map(({ x, y, height, title, kind }, index) => (
          <g key={index} className={`cs-flow-${kind}`}>
            <rect x={x} y={y} width={nodeWidth} height={height} rx={5} />
            <text x={x + 10} y={y + Math.min(height, nodeHeight) / 2 + 5}>
              {title}
            </text>
          </g>
        ))}
      </svg>
    </div>
  );
}
