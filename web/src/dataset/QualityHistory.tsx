import { useQueries } from "@tanstack/react-query";
import type { Manifest, Release } from "../api/dataset";
import type { Label } from "../api/types";
import { SeriesWidget } from "../board/ChartWidgets";
import { DataTable } from "../kit/DataTable";
import { formatNumber } from "../kit/format";
import { Section } from "../kit/Page";
import { formatDate } from "../kit/time";
import { useText } from "../text";
import { en } from "../text/en";
import { zh } from "../text/zh";
import { ReleaseLink } from "./ReleaseLink";
import { manifestQuery } from "./releases";
import "../sharing/sharing.css";

const most = 24; // releases looked back on

/** How many rows each release had, and what part of its file was not taken: two charts, and their figures in a table. */
export function QualityHistory({ dataset, releases }: { dataset: string; releases: Release[] }) {
  const { t } = useText();
  const looked = releases.slice(0, most);
  const results = useQueries({ queries: looked.map(({ version }) => manifestQuery(dataset, version)) });
  const found = results.map(({ data }) => data).filter((one): one is Manifest => one !== undefined);
  if (looked.length < 2 || found.length < looked.length) return null;
  const oldestFirst = [...found].reverse();
  const x = oldestFirst.map(({ version }) => t.dataset.named(version));
  const chart = (title: Label, y: number[]) => ({ x, series: [{ title, y }] });
  return (
    <Section title={t.history.title}>
      <div className="cs-picture">
        <div className="cs-history-charts">
          <h3>{t.dataset.rows}</h3>
          <SeriesWidget data={chart({ zh: zh.dataset.rows, en: en.dataset.rows }, oldestFirst.map(({ rows }) => rows))} title={t.dataset.rows} asTable={false} />
          <h3>{t.history.share}</h3>
          <SeriesWidget data={chart({ zh: zh.history.share, en: en.history.share }, oldestFirst.map(badShare))} title={t.history.share} asTable={false} />
        </div>
        <DataTable
          compact
          caption={t.history.title}
          rows={found}
          rowKey={({ version }) => String(version)}
          columns={[
            { key: "version", title: t.dataset.version, header: true, render: ({ version }) => <ReleaseLink version={version} /> },
            { key: "at", title: t.dataset.at, render: ({ at }) => <time dateTime={at}>{formatDate(at)}</time> },
            { key: "rows", title: t.dataset.rows, numeric: true, render: ({ rows }) => formatNumber(rows) },
            { key: "bad", title: t.dataset.bad, numeric: true, render: ({ quality }) => formatNumber(quality.bad) },
            { key: "share", title: t.history.share, numeric: true, render: (manifest) => `${badShare(manifest)}%` },
          ]}
        />
      </div>
    </Section>
  );
}

/** The part of the file's rows that was not taken, in percent with one digit. */
function badShare({ quality: { rows, bad } }: Manifest): number {
  return rows > 0 ? Math.round((1000 * bad) / rows) / 10 : 0;
}
