import { Button } from "antd";
import { useState } from "react";
import type { Manifest, ReleaseRow } from "../api/dataset";
import type { Field, Type } from "../api/types";
import { FieldValue } from "../detail/FieldValue";
import { DataTable } from "../kit/DataTable";
import { formatNumber } from "../kit/format";
import { Section } from "../kit/Page";
import { Empty, Loaded } from "../kit/states";
import { useText } from "../text";
import { fieldOf } from "../types/declared";
import { useRows } from "./releases";

/** The rows of a release as far as they have been read. Personal data is read only when asked for, as reading it leaves a trace. */
export function Preview({ type, manifest }: { type: Type; manifest: Manifest }) {
  const { t } = useText();
  const personal = type.fields.some((field) => field.personal || field.sensitive);
  const [asked, setAsked] = useState(!personal);
  return (
    <Section title={t.dataset.preview(manifest.version)}>
      {asked ? (
        <Rows type={type} manifest={manifest} />
      ) : (
        <div className="cs-row">
          <span>{t.dataset.previewAsk}</span>
          <Button onClick={() => setAsked(true)}>{t.dataset.previewShow}</Button>
        </div>
      )}
    </Section>
  );
}

function Rows({ type, manifest }: { type: Type; manifest: Manifest }) {
  const { t, pick } = useText();
  const rows = useRows(type.name, manifest.version);
  return (
    <Loaded query={rows} rows={8}>
      {({ pages }) => {
        const items = pages.flatMap((page) => page.items);
        const masked = pages[0]?.masked ?? [];
        if (items.length === 0) return <Empty title={t.dataset.previewEmpty} />;
        const fields = (pages[0]?.columns ?? []).map((name) => fieldIn(type, manifest, name));
        return (
          <>
            {masked.length > 0 ? (
              <p className="cs-muted">
                {t.dataset.maskedHelp(masked.map((name) => pick(fieldIn(type, manifest, name).title)).join(t.common.separator))}
              </p>
            ) : null}
            <DataTable<ReleaseRow>
              compact
              caption={t.dataset.preview(manifest.version)}
              rows={items}
              rowKey={({ row }) => String(row)}
              columns={[
                { key: "_row", title: t.dataset.row, header: true, render: ({ row }) => formatNumber(row) },
                ...fields.map((field) => ({
                  key: field.name,
                  title: masked.includes(field.name) ? t.dataset.masked(pick(field.title)) : pick(field.title),
                  numeric: field.type === "integer" || field.type === "decimal",
                  render: ({ values }: ReleaseRow) => (
                    <FieldValue field={field} value={values[field.name]} holder={{ type: type.name, id: "" }} short />
                  ),
                })),
              ]}
            />
            <div className="cs-list-more">
              {rows.hasNextPage ? (
                <Button onClick={() => void rows.fetchNextPage()} loading={rows.isFetchingNextPage}>
                  {`${t.common.more} (${t.common.shown(items.length)})`}
                </Button>
              ) : (
                <span className="cs-muted">{t.list.results(items.length)}</span>
              )}
            </div>
          </>
        );
      }}
    </Loaded>
  );
}

/** A field as the release has it, with what only the declaration tells, such as its choices. */
function fieldIn(type: Type, manifest: Manifest, name: string): Field {
  const released = manifest.fields.find((field) => field.name === name) ?? { name, title: { zh: name }, type: "text" };
  return { ...fieldOf(type, name), ...released };
}
