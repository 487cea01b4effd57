import { SearchOutlined } from "@ant-design/icons";
import { Input } from "antd";
import { useState } from "react";
import type { Grant, Page as ListPage } from "../api/types";
import { DataTable } from "../kit/DataTable";
import { Page } from "../kit/Page";
import { Empty, Loaded } from "../kit/states";
import { useText } from "../text";
import type { Text } from "../text";
import { useAdmin } from "./useAdmin";
import "../list/list.css";

/** Who may do what, on which basis: all grants that the packs declare. Nothing else permits anything. */
export function GrantsPage() {
  const text = useText();
  const { t } = text;
  const grants = useAdmin<ListPage<Grant>>("grants");
  const [words, setWords] = useState("");
  return (
    <Page title={t.admin.grants}>
      <form role="search" className="cs-list-bar" onSubmit={(event) => event.preventDefault()}>
        <Input
          type="search"
          className="cs-search-box"
          prefix={<SearchOutlined aria-hidden />}
          aria-label={t.admin.grantFilter}
          placeholder={t.admin.grantFilter}
          value={words}
          onChange={(event) => setWords(event.target.value)}
        />
      </form>
      <Loaded query={grants} rows={10}>
        {({ items }) => {
          const rows = items.filter((grant) => mentions(grant, words, text));
          return rows.length === 0 ? <Empty title={t.admin.grantsEmpty} help={t.admin.grantsHelp} /> : <Rows rows={rows} text={text} />;
        }}
      </Loaded>
    </Page>
  );
}

function mentions(grant: Grant, words: string, { pick }: Text): boolean {
  const wanted = words.trim().toLowerCase();
  return [grant.name, grant.role, grant.type, pick(grant.type_title), pick(grant.purpose), grant.basis].some((one) =>
    one?.toLowerCase().includes(wanted),
  );
}

function Rows({ rows, text }: { rows: Grant[]; text: Text }) {
  const { t, pick } = text;
  return (
    <DataTable
      caption={t.admin.grants}
      rows={rows}
      rowKey={(grant, index) => `${grant.pack} ${grant.name} ${index}`}
      columns={[
        { key: "name", title: t.admin.grantName, header: true, render: (grant) => <code>{grant.name}</code> },
        { key: "role", title: t.admin.role, render: (grant) => grant.role },
        { key: "actions", title: t.admin.actions, render: (grant) => grant.actions?.join(t.common.separator) },
        { key: "type", title: t.admin.onType, render: (grant) => pick(grant.type_title) || grant.type },
        { key: "fields", title: t.admin.onFields, render: (grant) => grant.fields?.join(t.common.separator) },
        { key: "scope", title: t.admin.scope, render: (grant) => grant.scope },
        { key: "purpose", title: t.admin.purpose, render: (grant) => pick(grant.purpose) },
        { key: "basis", title: t.admin.basis, render: (grant) => grant.basis },
        { key: "when", title: t.admin.when, render: (grant) => (grant.when ? <code>{grant.when}</code> : null) },
      ]}
    />
  );
}
