import { DownloadOutlined } from "@ant-design/icons";
import { Button } from "antd";
import { useType } from "../api/queries";
import type { Failure } from "../api/dataset";
import type { Item, Type } from "../api/types";
import { DataTable } from "../kit/DataTable";
import { formatNumber } from "../kit/format";
import { Section } from "../kit/Page";
import { save } from "../kit/save";
import { Loaded } from "../kit/states";
import { useText } from "../text";
import type { Text } from "../text";
import { csvOf } from "./csv";
import { Findings, hasFindings } from "./Findings";
import { batchOf, failuresId } from "./loads";
import { useFailures } from "./releases";
import "./dataset.css";

/** The rows of a load's file that were not taken, with the reasons and what stood in them. */
export function Failures({ type, item }: { type: Type; item: Item }) {
  const batch = batchOf(item);
  return (
    <div id={failuresId} className="cs-failures">
      {batch ? <Found type={type} item={item} batch={batch} /> : null}
    </div>
  );
}

/** A column of the file, and the field that it fills if it is one of the dataset's. */
interface Heading {
  name: string;
  field?: string;
}

function Found({ type, item, batch }: { type: Type; item: Item; batch: string }) {
  const text = useText();
  const { t } = text;
  const failures = useFailures(type, item.id, batch);
  const dataset = useType(typeof item.fields.dataset === "string" ? item.fields.dataset : undefined).data;
  return (
    <Loaded query={failures}>
      {({ pages }) => {
        const items = pages.flatMap((page) => page.items);
        const quality = pages[0]?.quality;
        const whole = hasFindings(quality) ? (
          <Section title={t.dataset.whole}>
            <Findings quality={quality} fieldTitle={(name) => text.pick(dataset?.fields.find((field) => field.name === name)?.title) || name} />
          </Section>
        ) : null;
        if (items.length === 0) return whole;
        const headings = headingsOf(items, dataset);
        const file = () => new Blob([csvOf(cells(items, headings, text))], { type: "text/csv" });
        return (
          <>
            {whole}
            <Section
              title={t.dataset.failures}
              extra={
                <Button icon={<DownloadOutlined aria-hidden />} onClick={() => save(file(), `${item.case?.number ?? item.id}-failures.csv`)}>
                  {t.dataset.csv(formatNumber(items.length))}
                </Button>
              }
            >
              <p className="cs-muted">{t.dataset.failuresHelp}</p>
              <Rows failures={items} headings={headings} text={text} />
              <div className="cs-list-more">
                {failures.hasNextPage ? (
                  <Button onClick={() => void failures.fetchNextPage()} loading={failures.isFetchingNextPage}>
                    {`${t.common.more} (${t.common.shown(items.length)})`}
                  </Button>
                ) : (
                  <span className="cs-muted">{t.list.results(items.length)}</span>
                )}
              </div>
            </Section>
          </>
        );
      }}
    </Loaded>
  );
}

function Rows({ failures, headings, text }: { failures: Failure[]; headings: Heading[]; text: Text }) {
  const { t, pick } = text;
  return (
    <DataTable
      compact
      caption={t.dataset.failures}
      rows={failures}
      rowKey={(_, index) => String(index)}
      columns={[
        { key: "_row", title: t.dataset.row, header: true, render: (failure) => place(failure, text) },
        {
          key: "_why",
          title: t.dataset.why,
          render: ({ why }) => (
            <ul className="cs-why">
              {why.map((one) => (
                <li key={`${one.field ?? ""}:${one.rule}`}>{pick(one.text)}</li>
              ))}
            </ul>
          ),
        },
        ...headings.map((heading) => ({
          key: `=${heading.name}`,
          title: heading.name,
          render: (failure: Failure) => <Cell failure={failure} heading={heading} />,
        })),
      ]}
    />
  );
}

/** What stood in the file; underlined where it is at fault, which the reasons say in words. */
function Cell({ failure: { values, why }, heading: { name, field } }: { failure: Failure; heading: Heading }) {
  const { t } = useText();
  const faulty = field !== undefined && why.some((one) => one.field === field);
  const value = values[name];
  return <span className={faulty ? "cs-faulty" : value ? undefined : "cs-muted"}>{value || t.common.empty}</span>;
}

/** Where a row stands: its number, the heading not counted; where it could not be read as a row, its line in the file. */
function place({ row, line }: Failure, { t }: Text): string {
  return row ? formatNumber(row) : line ? t.dataset.lineOf(formatNumber(line)) : "";
}

/** The columns under which any of the rows has a value: those of the dataset's fields in their order, then the others. */
function headingsOf(failures: Failure[], dataset: Type | undefined): Heading[] {
  const names = [...new Set(failures.flatMap(({ values }) => Object.keys(values)))];
  const fields = dataset?.fields ?? [];
  const known = fields.flatMap(({ name: field, title }) => {
    const name = names.find((one) => [field, title.zh, title.en].includes(one.trim()));
    return name === undefined ? [] : [{ name, field }];
  });
  return [...known, ...names.filter((name) => !known.some((one) => one.name === name)).map((name) => ({ name }))];
}

function cells(failures: Failure[], headings: Heading[], text: Text): string[][] {
  const { t, pick } = text;
  return [
    [t.dataset.row, t.dataset.why, ...headings.map(({ name }) => name)],
    ...failures.map((failure) => [
      place(failure, text),
      failure.why.map((one) => pick(one.text)).join(text.lang === "zh" ? "；" : "; "),
      ...headings.map(({ name }) => failure.values[name] ?? ""),
    ]),
  ];
}
