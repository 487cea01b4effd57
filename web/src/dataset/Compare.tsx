import { SwapRightOutlined } from "@ant-design/icons";
import { Alert, Button } from "antd";
import { useId } from "react";
import { useInfiniteQuery } from "@tanstack/react-query";
import { get } from "../api/client";
import type { CellChange, ChangeKind, Diff, RowChange } from "../api/diff";
import type { Release } from "../api/dataset";
import { Problem } from "../api/problem";
import { itemsPath, withParams } from "../api/query";
import type { Field, Type } from "../api/types";
import { FieldValue } from "../detail/FieldValue";
import { ShareBar } from "../kit/Bar";
import { Choose } from "../kit/Choose";
import { DataTable } from "../kit/DataTable";
import { formatNumber } from "../kit/format";
import { Section } from "../kit/Page";
import { Empty, Failure, Loading } from "../kit/states";
import { useListParams } from "../list/useListParams";
import { useText } from "../text";
import { fieldOf, nameTitle } from "../types/declared";

const beingCompared = "being-compared";
const soon = 2; // seconds, when the server does not say

function useDiff(dataset: string, from: number, to: number) {
  return useInfiniteQuery({
    queryKey: ["diff", dataset, from, to] as const,
    queryFn: ({ signal, pageParam }) =>
      get<Diff>(withParams(`${itemsPath("dataset", dataset)}/diff`, { from: String(from), to: String(to), after: pageParam }), signal),
    initialPageParam: "",
    getNextPageParam: (last: Diff) => last.next,
    staleTime: Infinity, // releases never change
    retry: (count, error) => isUnderWay(error) || count < 1,
    retryDelay: (_, error) => 1000 * (error instanceof Problem ? (error.retryAfter ?? soon) : soon),
  });
}

function isUnderWay(error: unknown): boolean {
  return error instanceof Problem && error.code === beingCompared;
}

/** What changed between two releases, which stand in the address: by default the one before the release shown, and that one. */
export function Compare({ type, releases, chosen }: { type: Type; releases: Release[]; chosen: number }) {
  const { t } = useText();
  const ids = { from: useId(), to: useId() };
  const [params, change] = useListParams();
  const versions = releases.filter(({ gone }) => !gone).map(({ version }) => version);
  const to = Number(params.to) || chosen;
  const from = Number(params.from) || versions.find((version) => version < to) || 0;
  const options = versions.map((version) => ({ value: version, label: t.dataset.named(version) }));
  if (versions.length < 2 || from === 0) return null;
  return (
    <Section title={t.compare.title}>
      <div className="cs-compare-choice">
        <label htmlFor={ids.from}>{t.compare.from}</label>
        <Choose<number> id={ids.from} title={t.compare.from} value={from} options={options} onChange={(version) => change({ from: String(version), to: String(to) })} />
        <SwapRightOutlined aria-hidden />
        <label htmlFor={ids.to}>{t.compare.to}</label>
        <Choose<number> id={ids.to} title={t.compare.to} value={to} options={options} onChange={(version) => change({ from: String(from), to: String(version) })} />
      </div>
      {from === to ? <p className="cs-muted">{t.compare.same}</p> : <Outcome type={type} from={from} to={to} />}
    </Section>
  );
}

function Outcome({ type, from, to }: { type: Type; from: number; to: number }) {
  const { t } = useText();
  const diff = useDiff(type.name, from, to);
  if (diff.data === undefined) {
    if (diff.error) return <Failure error={diff.error} retry={() => void diff.refetch()} />;
    if (isUnderWay(diff.failureReason)) return <Alert type="info" showIcon role="status" title={t.compare.underWay} description={t.compare.asked(diff.failureCount)} />;
    return <Loading rows={4} />;
  }
  const first = diff.data.pages[0];
  const rows = diff.data.pages.flatMap((page) => page.items);
  if (!first) return null;
  if (first.added + first.removed + first.changed === 0 && !first.gained?.length && !first.lost?.length) return <Empty title={t.compare.none} />;
  return (
    <>
      <Picture type={type} diff={first} />
      <Changes type={type} rows={rows} />
      {diff.hasNextPage ? (
        <div className="cs-list-more">
          <Button onClick={() => void diff.fetchNextPage()} loading={diff.isFetchingNextPage}>
            {`${t.common.more} (${t.common.shown(rows.length)})`}
          </Button>
        </div>
      ) : null}
    </>
  );
}

const kinds: ChangeKind[] = ["added", "changed", "removed"];

/** How many rows of each kind, and in which fields values changed: as bars with their figures. */
function Picture({ type, diff }: { type: Type; diff: Diff }) {
  const text = useText();
  const { t } = text;
  const cells = [...(diff.cells ?? [])].sort((a, b) => b.cells - a.cells);
  const most = cells[0]?.cells ?? 0;
  const names = (list: string[] | undefined) => (list ?? []).map((name) => nameTitle(type, name, text)).join(t.common.separator);
  return (
    <div className="cs-two cs-compare-picture">
      <div>
        <h3>{t.compare.rows}</h3>
        <div className="cs-bar cs-compare-bar" aria-hidden>
          {kinds.map((kind) => (
            <span key={kind} className={`cs-change-${kind}`} style={{ flexGrow: diff[kind], minWidth: diff[kind] > 0 ? 4 : 0 }} />
          ))}
        </div>
        <ul className="cs-legend">
          {kinds.map((kind) => (
            <li key={kind}>
              <ShareBar part={1} whole={1} className={`cs-change-${kind}`} /> {`${t.compare.kinds[kind]} ${t.dataset.rowCount(formatNumber(diff[kind]))}`}
            </li>
          ))}
        </ul>
        {diff.gained?.length ? <p>{t.compare.gained(names(diff.gained))}</p> : null}
        {diff.lost?.length ? <p>{t.compare.lost(names(diff.lost))}</p> : null}
      </div>
      {cells.length > 0 ? (
        <div>
          <h3>{t.compare.byField}</h3>
          <ul className="cs-rules">
            {cells.map(({ field, cells: count }) => (
              <li key={field}>
                <span>{nameTitle(type, field, text)}</span>
                <ShareBar part={count} whole={most} className="cs-change-changed" />
                <span className="cs-number">{t.compare.values(formatNumber(count))}</span>
              </li>
            ))}
          </ul>
        </div>
      ) : null}
    </div>
  );
}

function Changes({ type, rows }: { type: Type; rows: RowChange[] }) {
  const { t } = useText();
  return (
    <DataTable<RowChange>
      compact
      caption={t.compare.changes}
      rows={rows}
      rowKey={({ kind, older, newer }) => `${kind}:${older ?? ""}:${newer ?? ""}`}
      columns={[
        {
          key: "kind",
          title: t.compare.kind,
          header: true,
          render: ({ kind }) => <span className={`cs-change-mark cs-change-mark-${kind}`}>{t.compare.kinds[kind]}</span>,
        },
        { key: "row", title: t.dataset.row, render: ({ older, newer }) => <span className="cs-number">{rowWords(older, newer)}</span> },
        { key: "cells", title: t.compare.cells, render: ({ cells }) => <Cells type={type} cells={cells} /> },
      ]}
    />
  );
}

function rowWords(older: number | undefined, newer: number | undefined): string {
  return older && newer ? (older === newer ? String(older) : `${older} → ${newer}`) : String(older ?? newer ?? "");
}

/** What tells which row it is stands there unchanged; beside it what changed. */
function Cells({ type, cells }: { type: Type; cells: CellChange[] }) {
  const text = useText();
  const { t } = text;
  return (
    <ul className="cs-cells">
      {cells.map(({ field, before, after, masked }) => (
        <li key={field}>
          <span className="cs-muted">{nameTitle(type, field, text)}</span>{" "}
          {before !== undefined && before === after ? <Words type={type} field={field} value={before} /> : null}
          {before !== undefined && before !== after ? (
            <del>
              <Words type={type} field={field} value={before} />
            </del>
          ) : null}
          {before !== undefined && after !== undefined && before !== after ? " → " : null}
          {after !== undefined && before !== after ? (
            <ins>
              <Words type={type} field={field} value={after} />
            </ins>
          ) : null}
          {masked ? <span className="cs-mark">{t.sharing.masked}</span> : null}
        </li>
      ))}
    </ul>
  );
}

function Words({ type, field, value }: { type: Type; field: string; value: string }) {
  const declared: Field = fieldOf(type, field) ?? { name: field, title: { zh: field }, type: "text" };
  const shown: Field = declared.type === "point" || declared.type === "reference" ? { ...declared, type: "text" } : declared;
  return <FieldValue field={shown} value={value} holder={{ type: type.name, id: "" }} short />;
}
