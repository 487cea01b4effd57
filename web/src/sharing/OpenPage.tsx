import { Suspense, lazy, useMemo, useState } from "react";
import { Link, useParams } from "@tanstack/react-router";
import type { ReleaseRow } from "../api/dataset";
import { useType } from "../api/queries";
import { itemsPath } from "../api/query";
import type { Field, Label, Type } from "../api/types";
import { Choose } from "../kit/Choose";
import { formatNumber, isPoint } from "../kit/format";
import { Page, Section } from "../kit/Page";
import { Empty, Loaded, Loading } from "../kit/states";
import { formatTime } from "../kit/time";
import { Preview } from "../dataset/Preview";
import { SeriesWidget } from "../board/ChartWidgets";
import { downloadHref, useManifest, useReleases, useRows } from "../dataset/releases";
import { ListView } from "../list/ListView";
import { useAreas } from "../map/useAreas";
import { cataloguePath, useFace } from "../shell/paths";
import { useText, wordFor } from "../text";
import { ObjectLink } from "./AskLinks";
import { Code } from "./Code";
import { Downloads } from "./Downloads";
import { codeOf } from "./code";
import "../form/form.css";
import "./sharing.css";

const MapCanvas = lazy(async () => ({ default: (await import("../map/MapCanvas")).MapCanvas }));

/** One resource that is open to anyone: a look at its rows, as pictures where they can be, and the ways to take them along. */
export function OpenPage() {
  const { type: name } = useParams({ strict: false });
  const type = useType(name);
  return (
    <Loaded whole query={type} rows={8}>
      {(declared) => <Shown type={declared} />}
    </Loaded>
  );
}

function Shown({ type }: { type: Type }) {
  const { t, pick } = useText();
  const face = useFace();
  return (
    <Page
      title={pick(type.title)}
      lead={
        <>
          {pick(type.about)}
          <div className="cs-muted">
            {[type.owner, wordFor(t.catalogue.cycles, type.cycle), wordFor(t.catalogue.openings, type.opening)].filter(Boolean).join(" · ")}
          </div>
        </>
      }
      actions={
        <>
          <ObjectLink resource={type.name} />
          <Link to={cataloguePath(face, type.name)} className="cs-button">
            {t.open.details}
          </Link>
        </>
      }
    >
      {type.kind === "dataset" ? <Dataset type={type} /> : <Register type={type} />}
    </Page>
  );
}

function Register({ type }: { type: Type }) {
  const { t } = useText();
  return (
    <>
      <Section title={t.open.rows}>
        <ListView type={type} />
      </Section>
      <Section title={t.open.api}>
        <p className="cs-muted">{t.open.apiHelp}</p>
        <Code title="curl" code={codeOf({ method: "GET", url: `${window.location.origin}${itemsPath(type.kind, type.name)}?limit=50` }, "open")} />
      </Section>
    </>
  );
}

function Dataset({ type }: { type: Type }) {
  const { t } = useText();
  const releases = useReleases(type.name);
  return (
    <Loaded query={releases} rows={6}>
      {({ pages }) => {
        const newest = pages[0]?.items[0];
        return newest ? (
          <>
            <Section title={t.open.take}>
              <p>
                {t.open.release(newest.version, formatTime(newest.at), formatNumber(newest.rows))}
              </p>
              <Downloads help={t.dataset.downloadHelp} href={(format) => downloadHref(type.name, newest.version, format)} />
            </Section>
            <Pictures type={type} version={newest.version} />
            <Rows type={type} version={newest.version} />
            <Section title={t.open.api}>
              <p className="cs-muted">{t.open.apiHelp}</p>
              <Code
                title="curl"
                code={codeOf({ method: "GET", url: `${window.location.origin}${downloadHref(type.name, newest.version, "csv")}`, file: `${type.name}.csv` }, "open")}
              />
            </Section>
          </>
        ) : (
          <Section title={t.open.rows}>
            <Empty title={t.dataset.empty} help={t.open.later} />
          </Section>
        );
      }}
    </Loaded>
  );
}

function Rows({ type, version }: { type: Type; version: number }) {
  const manifest = useManifest(type.name, version);
  return (
    <Loaded query={manifest} rows={6}>
      {(found) => <Preview type={type} manifest={found} />}
    </Loaded>
  );
}

/** The first rows as a chart of one numeric field, and on a map where they have a place; the table of rows below has the figures. */
function Pictures({ type, version }: { type: Type; version: number }) {
  const { t } = useText();
  const personal = type.fields.some((field) => field.personal);
  const rows = useRows(type.name, version, !personal);
  const items = rows.data?.pages[0]?.items ?? [];
  const numbers = type.fields.filter((field) => field.type === "integer" || field.type === "decimal");
  const place = type.fields.find((field) => field.type === "point");
  if (items.length === 0) return null;
  return (
    <>
      {numbers.length > 0 ? (
        <Section title={t.open.chart}>
          <NumberChart type={type} fields={numbers} rows={items} />
        </Section>
      ) : null}
      {place ? (
        <Section title={t.open.map}>
          <RowMap type={type} field={place} rows={items} />
        </Section>
      ) : null}
    </>
  );
}

function NumberChart({ type, fields, rows }: { type: Type; fields: Field[]; rows: ReleaseRow[] }) {
  const { t, pick } = useText();
  const [chosen, setChosen] = useState(fields[0]?.name ?? "");
  const field = fields.find(({ name }) => name === chosen) ?? fields[0];
  const data = useMemo(
    () => ({
      x: rows.map((row) => namesOf(type, row)),
      series: [{ title: field?.title ?? { zh: "" }, y: rows.map(({ values }) => numberIn(values[field?.name ?? ""])) }],
    }),
    [type, field, rows],
  );
  return (
    <>
      <div className="cs-row">
        <label htmlFor="open-number">{t.open.which}</label>
        <Choose<string>
          id="open-number"
          title={t.open.which}
          value={chosen}
          onChange={setChosen}
          options={fields.map((one) => ({ value: one.name, label: `${pick(one.title)}${one.unit ? ` (${one.unit})` : ""}` }))}
        />
        <span className="cs-muted">{t.open.first(rows.length)}</span>
      </div>
      <div className="cs-picture-chart">
        <SeriesWidget data={data} title={pick(field?.title)} asTable={false} />
      </div>
    </>
  );
}

function numberIn(value: unknown): number {
  return typeof value === "number" || (typeof value === "string" && value !== "") ? Number(value) : Number.NaN;
}

/** What tells one row from the others, for the axis: its name, and when. */
function namesOf(type: Type, { row, values }: ReleaseRow): string {
  const named = type.fields.find((field) => field.type === "text" && (field.name === "name" || field.name === type.title_field)) ?? type.fields.find((field) => field.type === "text");
  const timed = type.fields.find((field) => field.type === "time" || field.type === "date");
  const when = timed ? formatTime(String(values[timed.name] ?? "")).slice(5) : "";
  return [named ? String(values[named.name] ?? "") : String(row), when].filter(Boolean).join(" ");
}

function RowMap({ type, field, rows }: { type: Type; field: Field; rows: ReleaseRow[] }) {
  const { pick } = useText();
  const areas = useAreas();
  const points = useMemo(
    () =>
      rows.flatMap((row) => {
        const at = row.values[field.name];
        const title: Label = { zh: namesOf(type, row) };
        return isPoint(at) ? [{ id: String(row.row), type: type.name, lon: at.lon, lat: at.lat, title }] : [];
      }),
    [type, field, rows],
  );
  return (
    <Suspense fallback={<Loading rows={8} />}>
      <MapCanvas label={pick(type.title)} areas={areas.data} points={points} fitPoints height={360} />
    </Suspense>
  );
}
