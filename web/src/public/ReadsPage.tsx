import { Button } from "antd";
import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { get } from "../api/client";
import { keys } from "../api/keys";
import { useType } from "../api/queries";
import { withParams } from "../api/query";
import type { Page as ListPage } from "../api/types";
import { DataTable } from "../kit/DataTable";
import { Page } from "../kit/Page";
import { Empty, Loaded } from "../kit/states";
import { formatTime } from "../kit/time";
import { itemHref } from "../shell/paths";
import { useText } from "../text";
import "../list/list.css";
import { ProofSection } from "./ProofSection";
import type { ReadItem } from "./reads";

function What({ row }: { row: ReadItem }) {
  const { pick } = useText();
  const words = [pick(row.type_title) || row.type, pick(row.title)].filter(Boolean).join(" · ");
  return row.id ? <Link to={itemHref("public", row.type, row.id)}>{words}</Link> : words;
}

function FieldNames({ row }: { row: ReadItem }) {
  const { t, pick } = useText();
  const type = useType(row.fields?.length ? row.type : undefined);
  return (row.fields ?? [])
    .map((name) => pick(type.data?.fields.find((field) => field.name === name)?.title) || name)
    .join(t.common.separator);
}

/** Who has read what is held about the user, for what purpose and on what legal basis. */
export function ReadsPage() {
  const { t, pick } = useText();
  const reads = useInfiniteQuery({
    queryKey: keys.reads,
    queryFn: ({ signal, pageParam }) => get<ListPage<ReadItem>>(withParams("/api/me/reads", { after: pageParam }), signal),
    initialPageParam: "",
    getNextPageParam: (last: ListPage<ReadItem>) => last.next,
  });
  const rows = reads.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <Page title={t.reads.title} lead={t.reads.lead}>
      <ProofSection />
      <Loaded query={reads} rows={8}>
        {() =>
          rows.length === 0 ? (
            <Empty title={t.reads.empty} help={t.reads.emptyHelp} />
          ) : (
            <DataTable
              caption={t.reads.title}
              rows={rows}
              rowKey={(row, index) => `${row.at} ${index}`}
              columns={[
                { key: "at", title: t.reads.when, header: true, render: (row) => formatTime(row.at) },
                { key: "who", title: t.reads.who, render: (row) => row.actor_name },
                { key: "org", title: t.reads.org, render: (row) => pick(row.org_name) },
                { key: "what", title: t.reads.what, render: (row) => <What row={row} /> },
                { key: "fields", title: t.reads.fields, render: (row) => <FieldNames row={row} /> },
                { key: "purpose", title: t.reads.purpose, render: (row) => pick(row.purpose) },
                { key: "basis", title: t.reads.basis, render: (row) => row.basis },
              ]}
            />
          )
        }
      </Loaded>
      {reads.hasNextPage ? (
        <div className="cs-list-more">
          <Button onClick={() => void reads.fetchNextPage()} loading={reads.isFetchingNextPage}>
            {t.common.more}
          </Button>
        </div>
      ) : null}
    </Page>
  );
}
