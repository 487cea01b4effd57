import { Segmented } from "antd";
import type { ReactNode } from "react";
import { Link, useParams } from "@tanstack/react-router";
import { useType } from "../api/queries";
import type { IssuedGrant } from "../api/sharing";
import type { Type } from "../api/types";
import { formatNumber } from "../kit/format";
import { Page, Section } from "../kit/Page";
import { Loaded } from "../kit/states";
import { formatDate, formatTime } from "../kit/time";
import { useListParams } from "../list/useListParams";
import { cataloguePath, itemHref, useFace } from "../shell/paths";
import { useText } from "../text";
import { FieldTags, StateMark, Used, lastDay } from "./GrantState";
import { ApiConsole } from "./ApiConsole";
import { Downloads } from "./Downloads";
import { FiguresForm } from "./FiguresForm";
import { LookupForm } from "./LookupForm";
import { QueryForm } from "./QueryForm";
import { UseByDay } from "./UseByDay";
import { grantApi, useGrant } from "./grants";
import "../form/form.css";
import "./sharing.css";

/** One grant: what it says, the ways to use its data, and how it has been used. */
export function GrantPage() {
  const { grant: id = "" } = useParams({ strict: false });
  const grant = useGrant(id);
  const type = useType(grant.data?.resource);
  return (
    <Loaded whole query={grant} rows={8}>
      {(found) => (
        <Loaded whole query={type} rows={8}>
          {(declared) => <Shown grant={found} type={declared} />}
        </Loaded>
      )}
    </Loaded>
  );
}

function Shown({ grant, type }: { grant: IssuedGrant; type: Type }) {
  const { t, pick } = useText();
  const face = useFace();
  return (
    <Page
      title={pick(grant.resource_title) || grant.resource}
      lead={
        <span className="cs-row">
          <StateMark state={grant.state} /> {pick(grant.holder_name)}
        </span>
      }
      actions={
        <>
          <Link to={itemHref(face, grant.case_type, grant.case)} className="cs-button">
            {t.sharing.request}
          </Link>
          <Link to={cataloguePath(face, grant.resource)} className="cs-button">
            {t.sharing.resourceLink}
          </Link>
        </>
      }
    >
      <Section title={t.sharing.terms}>
        <Terms grant={grant} type={type} />
      </Section>
      <Section title={t.sharing.use}>
        {grant.usable && grant.state === "valid" ? <Ways grant={grant} type={type} /> : <p className="cs-muted">{why(grant, t)}</p>}
      </Section>
      <Section title={t.sharing.useByDay}>
        <UseByDay grant={grant.id} />
      </Section>
    </Page>
  );
}

function why(grant: IssuedGrant, t: ReturnType<typeof useText>["t"]): string {
  return grant.state === "valid" ? t.sharing.notUsable : t.sharing.states[grant.state];
}

function Terms({ grant, type }: { grant: IssuedGrant; type: Type }) {
  const { t } = useText();
  const facts: [string, ReactNode][] = [
    [t.sharing.purpose, grant.purpose],
    [t.sharing.basis, grant.basis],
    [t.sharing.rows, grant.when ? <code>{grant.when}</code> : t.sharing.allRows],
    [t.sharing.issued, <time dateTime={grant.issued_at}>{formatTime(grant.issued_at)}</time>],
    [t.sharing.until, <time dateTime={grant.until}>{formatDate(lastDay(grant.until))}</time>],
    [t.sharing.rate, grant.per_minute ? t.sharing.perMinute(formatNumber(grant.per_minute)) : ""],
    [t.sharing.used, <Used used={grant.used} records={grant.records} />],
  ];
  return (
    <dl className="cs-facts">
      <div className="cs-wide">
        <dt>{t.sharing.fields}</dt>
        <dd>
          <FieldTags grant={grant} type={type} />
        </dd>
      </div>
      {facts.map(([title, value]) =>
        value ? (
          <div key={title}>
            <dt>{title}</dt>
            <dd>{value}</dd>
          </div>
        ) : null,
      )}
    </dl>
  );
}

const ways = ["lookup", "query", "figures", "file", "api"] as const;
type Way = (typeof ways)[number];

function Ways({ grant, type }: { grant: IssuedGrant; type: Type }) {
  const { t } = useText();
  const [params, change] = useListParams();
  const way = ways.find((one) => one === params.way) ?? "lookup";
  return (
    <>
      <Segmented<Way>
        className="cs-ways"
        aria-label={t.sharing.use}
        value={way}
        onChange={(chosen) => change({ way: chosen })}
        options={ways.map((value) => ({ value, label: t.sharing.ways[value] }))}
      />
      {way === "lookup" ? <LookupForm grant={grant} type={type} /> : null}
      {way === "query" ? <QueryForm grant={grant} type={type} /> : null}
      {way === "figures" ? <FiguresForm grant={grant} type={type} /> : null}
      {way === "file" ? <Downloads help={t.sharing.fileHelp} href={(format) => `${grantApi(grant.id)}/file?format=${format}`} /> : null}
      {way === "api" ? <ApiConsole grant={grant} type={type} /> : null}
    </>
  );
}
