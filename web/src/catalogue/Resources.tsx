import { Link } from "@tanstack/react-router";
import type { TypeSummary } from "../api/types";
import { LatestRelease } from "../dataset/LatestRelease";
import { DataTable } from "../kit/DataTable";
import { formatNumber } from "../kit/format";
import { cataloguePath, useFace } from "../shell/paths";
import { useText, wordFor } from "../text";

interface Props {
  rows: TypeSummary[];
  packTitle: (pack: string) => string;
  /** Where a card leads; to the catalogue without it. */
  path?: (name: string) => string;
}

/** What of the catalogue was found, as cards. */
export function ResourceCards({ rows, packTitle, path }: Props) {
  const face = useFace();
  return (
    <ul className="cs-resources">
      {rows.map((type) => (
        <Card key={type.name} type={type} pack={packTitle(type.pack)} href={path ? path(type.name) : cataloguePath(face, type.name)} />
      ))}
    </ul>
  );
}

function Card({ type, pack, href }: { type: TypeSummary; pack: string; href: string }) {
  const { t, pick } = useText();
  return (
    <li className="cs-resource">
      <div className="cs-resource-kind">
        <span>{t.catalogue[type.kind]}</span>
        <span className="cs-muted">{pack}</span>
      </div>
      <h2>
        <Link to={href}>{pick(type.title)}</Link>
      </h2>
      {pick(type.about) ? <p className="cs-resource-about">{pick(type.about)}</p> : null}
      <ul className="cs-resource-marks">
        {type.level && type.level !== "general" ? <li className="cs-level">{wordFor(t.catalogue.levels, type.level)}</li> : null}
        <li className={`cs-class-${type.sharing}`}>{wordFor(t.catalogue.sharings, type.sharing)}</li>
        {type.opening ? <li className={`cs-class-${type.opening}`}>{wordFor(t.catalogue.openings, type.opening)}</li> : null}
        {type.cycle ? <li>{wordFor(t.catalogue.cycles, type.cycle)}</li> : null}
      </ul>
      <dl className="cs-resource-facts">
        <dt>{t.catalogue.owner}</dt>
        <dd>{type.owner}</dd>
        {type.basis ? (
          <>
            <dt>{t.catalogue.basis}</dt>
            <dd>{type.basis}</dd>
          </>
        ) : null}
      </dl>
      <div className="cs-resource-end">
        {type.kind === "dataset" ? <LatestRelease dataset={type.name} /> : null}
        {type.count === undefined ? null : (
          <span>
            <strong className="cs-number">{formatNumber(type.count)}</strong> {t.catalogue.rows}
          </span>
        )}
      </div>
    </li>
  );
}

/** The same as a table. */
export function ResourceTable({ rows, packTitle }: Props) {
  const { t, pick } = useText();
  const face = useFace();
  return (
    <DataTable
      caption={t.catalogue.title}
      rows={rows}
      rowKey={(type) => type.name}
      columns={[
        {
          key: "name",
          title: t.catalogue.name,
          header: true,
          render: (type) => <Link to={cataloguePath(face, type.name)}>{pick(type.title)}</Link>,
        },
        { key: "kind", title: t.catalogue.kind, render: (type) => <KindCell type={type} /> },
        { key: "pack", title: t.catalogue.pack, render: (type) => packTitle(type.pack) },
        { key: "owner", title: t.catalogue.owner, render: (type) => type.owner },
        { key: "level", title: t.catalogue.level, render: (type) => wordFor(t.catalogue.levels, type.level) },
        { key: "sharing", title: t.catalogue.sharing, render: (type) => wordFor(t.catalogue.sharings, type.sharing) },
        { key: "opening", title: t.catalogue.opening, render: (type) => wordFor(t.catalogue.openings, type.opening) },
        { key: "cycle", title: t.catalogue.cycle, render: (type) => wordFor(t.catalogue.cycles, type.cycle) },
        { key: "count", title: t.catalogue.count, numeric: true, render: (type) => formatNumber(type.count) },
      ]}
    />
  );
}

/** What a type is; of a dataset also its latest release. */
function KindCell({ type }: { type: TypeSummary }) {
  const { t } = useText();
  return (
    <>
      {t.catalogue[type.kind]}
      {type.kind === "dataset" ? <LatestRelease dataset={type.name} /> : null}
    </>
  );
}
