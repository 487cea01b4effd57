import { Suspense, lazy } from "react";
import { Link, useParams } from "@tanstack/react-router";
import { useType } from "../api/queries";
import type { Field, Type } from "../api/types";
import { ProcessView } from "../case/Diagram";
import { LoadLink, Releases } from "../dataset/Releases";
import { DataTable } from "../kit/DataTable";
import { Page, Section } from "../kit/Page";
import { Loaded } from "../kit/states";
import { AskLinks } from "../sharing/AskLinks";
import { typePath, useFace } from "../shell/paths";
import { useText, wordFor } from "../text";
import type { Text } from "../text";
import { nameTitle } from "../types/declared";
import "../detail/detail.css";

const GrantsOf = lazy(async () => ({ default: (await import("../sharing/GrantsView")).GrantsOf }));

/** What one type is: its legal basis, its fields, its process, and where to find the API for it. */
export function TypePage() {
  const { type: name } = useParams({ strict: false });
  const type = useType(name);
  return (
    <Loaded whole query={type} rows={10}>
      {(declared) => <Declared type={declared} />}
    </Loaded>
  );
}

function Declared({ type }: { type: Type }) {
  const text = useText();
  const { t, pick } = text;
  const face = useFace();
  return (
    <Page
      title={pick(type.title)}
      lead={pick(type.about)}
      actions={
        <>
          <AskLinks type={type} />
          {type.kind === "dataset" ? (
            <LoadLink />
          ) : (
            <Link to={typePath(face, type.name)} className="cs-button">
              {t.catalogue.openList}
            </Link>
          )}
        </>
      }
    >
      {type.kind === "dataset" ? <Releases type={type} /> : null}
      <Suspense>
        <GrantsOf type={type.name} />
      </Suspense>
      <Section title={t.item.law}>
        <Governance type={type} />
      </Section>
      {type.process ? (
        <Section title={t.catalogue.process}>
          <ProcessView process={type.process} />
        </Section>
      ) : null}
      <Section title={t.catalogue.fields}>
        <FieldTable type={type} caption={t.catalogue.fields} text={text} />
      </Section>
      <p className="cs-row">
        <a href={`/api/types/${type.name}/openapi.json`}>{t.catalogue.api}</a>
        <a href={`/api/types/${type.name}/schema.json`}>{t.catalogue.schema}</a>
      </p>
    </Page>
  );
}

function Governance({ type }: { type: Type }) {
  const { t } = useText();
  const rows: [string, string | undefined][] = [
    [t.catalogue.articles, type.articles?.length ? t.common.articles(type.articles.join(t.common.separator)) : undefined],
    [t.catalogue.basis, type.basis],
    [t.catalogue.owner, type.owner],
    [t.catalogue.level, wordFor(t.catalogue.levels, type.level)],
    [t.catalogue.sharing, wordFor(t.catalogue.sharings, type.sharing)],
    [t.catalogue.opening, wordFor(t.catalogue.openings, type.opening)],
    [t.catalogue.cycle, wordFor(t.catalogue.cycles, type.cycle)],
  ];
  return (
    <dl className="cs-facts">
      {rows.map(([title, value]) =>
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

function FieldTable({ type, caption, text }: { type: Type; caption: string; text: Text }) {
  const { t } = text;
  return (
    <DataTable
      compact
      caption={caption}
      rows={type.fields}
      rowKey={(field) => field.name}
      columns={[
        { key: "title", title: t.catalogue.fieldName, header: true, render: (field) => nameTitle(type, field.name, text) },
        { key: "name", title: "API", render: (field) => <code className="cs-nowrap">{field.name}</code> },
        {
          key: "type",
          title: t.catalogue.fieldType,
          render: (field) => field.many ? t.catalogue.many(typeName(field, text)) : typeName(field, text),
        },
        { key: "rules", title: t.catalogue.fieldRules, render: (field) => rules(field, text) },
        {
          key: "privacy",
          title: t.catalogue.fieldPrivacy,
          render: (field) => (field.sensitive ? t.field.sensitive : field.personal ? t.field.personal : ""),
        },
      ]}
    />
  );
}

function typeName(field: Field, { t }: Text): string {
  return wordFor(t.catalogue.types, field.format ?? field.type);
}

function rules(field: Field, { t, pick }: Text): string {
  const parts = [
    field.required ? t.common.required : "",
    field.computed ? t.field.computed : "",
    field.choices?.length ? field.choices.map((choice) => pick(choice.title)).join(" / ") : "",
    field.type === "text" && field.max ? t.form.lengthMessage(field.max) : "",
    field.unit ?? "",
  ];
  return parts.filter(Boolean).join(t.common.separator);
}
