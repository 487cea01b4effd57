import type { PackInfo, Page as ListPage } from "../api/types";
import { DataTable } from "../kit/DataTable";
import { Page } from "../kit/Page";
import { Empty, Loaded } from "../kit/states";
import { useText } from "../text";
import { useAdmin } from "./useAdmin";

const counted = ["records", "processes", "rules", "services", "screens", "scenarios"] as const;

export function PacksPage() {
  const { t, pick } = useText();
  const packs = useAdmin<ListPage<PackInfo>>("packs");
  return (
    <Page title={t.admin.packs}>
      <Loaded query={packs} rows={8}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty title={t.admin.packsEmpty} help={t.admin.packsHelp} />
          ) : (
            <DataTable
              caption={t.admin.packs}
              rows={items}
              rowKey={(pack) => pack.name}
              columns={[
                { key: "title", title: t.admin.packName, header: true, render: (pack) => pick(pack.title) || pack.name },
                { key: "name", title: "ID", render: (pack) => <code>{pack.name}</code> },
                { key: "articles", title: t.catalogue.articles, render: (pack) => pack.articles?.join(t.common.separator) },
                ...counted.map((what) => ({
                  key: what,
                  title: t.admin[what],
                  numeric: true,
                  render: (pack: PackInfo) => pack.counts?.[what] ?? 0,
                })),
                {
                  key: "hash",
                  title: t.admin.hash,
                  render: (pack) => (pack.hash ? <code title={pack.hash}>{pack.hash.slice(0, 12)}</code> : null),
                },
              ]}
            />
          )
        }
      </Loaded>
    </Page>
  );
}
