import { DownloadOutlined } from "@ant-design/icons";
import { Alert, Button } from "antd";
import { Link } from "@tanstack/react-router";
import type { Failure, Item, Type } from "../api/types";
import { DataTable } from "../kit/DataTable";
import { formatNumber } from "../kit/format";
import { Section } from "../kit/Page";
import { save } from "../kit/save";
import { Loaded } from "../kit/states";
import { useFace } from "../shell/paths";
import { useText } from "../text";
import type { Text } from "../text";
import { csvOf } from "./csv";
import { useFailures } from "./releases";
import "./dataset.css";

/** What has become of a file that was loaded: its release, and the rows that were not taken. */
export function LoadOutcome({ type, item }: { type: Type; item: Item }) {
  const { batch } = item.fields;
  const checked = typeof batch === "string" && batch !== "" && !item.case?.jobs?.length;
  return (
    <>
      <Released item={item} />
      {checked ? <Failures type={type} item={item} batch={batch} /> : null}
    </>
  );
}

function Released({ item }: { item: Item }) {
  const { t } = useText();
  const face = useFace();
  const { dataset, release } = item.fields;
  if (typeof dataset !== "string" || typeof release !== "number") return null;
  return (
    <Alert
      type="success"
      showIcon
      className="cs-form-alert"
      title={
        <Link to={`/${face === "screen" ? "office" : face}/catalogue/${dataset}`} search={{ release: String(release) }}>
          {t.dataset.released(release)}
        </Link>
      }
    />
  );
}

function Failures({ type, item, batch }: { type: Type; item: Item; batch: string }) {
  const text = useText();
  const { t } = text;
  const failures = useFailures(type, item.id, batch);
  return (
    <Loaded query={failures}>
      {({ pages }) => {
        const items = pages.flatMap((page) => page.items);
        if (items.length === 0) return null;
        const headings = headingsOf(items);
        const file = () => new Blob([csvOf(cells(items, headings, text))], { type: "text/csv" });
        return (
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
        );
      }}
    </Loaded>
  );
}

function Rows({ failures, headings, text }: { failures: Failure[]; headings: string[]; text: Text }) {
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
          key: `=${heading}`,
          title: heading,
          render: ({ values }: Failure) => values[heading] ?? <span className="cs-muted">{t.common.empty}</span>,
        })),
      ]}
    />
  );
}

/** Where a row stands: its number, the heading not counted; where it could not be read as a row, its line in the file. */
function place({ row, line }: Failure, { t }: Text): string {
  return row ? formatNumber(row) : line ? t.dataset.lineOf(formatNumber(line)) : "";
}

/** The headings of the file, as far as any of the rows has a value under them. */
function headingsOf(failures: Failure[]): string[] {
  return [...new Set(failures.flatMap(({ values }) => Object.keys(values)))];
}

function cells(failures: Failure[], headings: string[], text: Text): string[][] {
  const { t, pick } = text;
  return [
    [t.dataset.row, t.dataset.why, ...headings],
    ...failures.map((failure) => [
      place(failure, text),
      failure.why.map((one) => pick(one.text)).join(text.lang === "zh" ? "；" : "; "),
      ...headings.map((heading) => failure.values[heading] ?? ""),
    ]),
  ];
}
