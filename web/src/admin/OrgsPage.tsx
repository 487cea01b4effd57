import { CaretDownOutlined, CaretRightOutlined, SearchOutlined } from "@ant-design/icons";
import { Input } from "antd";
import { useState } from "react";
import { useQuery } from "@tanstack/react-query";
import { get } from "../api/client";
import { keys } from "../api/keys";
import { withParams } from "../api/query";
import type { Org, Page as ListPage } from "../api/types";
import { Page, Section } from "../kit/Page";
import { Empty, Loaded } from "../kit/states";
import { useDelayed } from "../kit/useDelayed";
import { useText } from "../text";
import "../list/list.css";
import "./admin.css";

function useOrgs(parent: string, q: string) {
  return useQuery({
    queryKey: keys.orgs(parent, q),
    queryFn: ({ signal }) => get<ListPage<Org>>(withParams("/api/orgs", { parent, q }), signal),
  });
}

/** The organisation tree, a level at a time, or what a search finds in it. */
export function OrgsPage() {
  const { t } = useText();
  const [typed, setTyped] = useState("");
  const q = useDelayed(typed.trim(), 300);
  return (
    <Page title={t.admin.orgs}>
      <form role="search" className="cs-list-bar" onSubmit={(event) => event.preventDefault()}>
        <Input
          type="search"
          className="cs-search-box"
          prefix={<SearchOutlined aria-hidden />}
          aria-label={t.admin.orgSearch}
          placeholder={t.admin.orgSearch}
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
        />
      </form>
      <Section title={t.admin.orgs}>
        <Level key={q} parent="" q={q} />
      </Section>
    </Page>
  );
}

function Level({ parent, q }: { parent: string; q: string }) {
  const { t } = useText();
  const orgs = useOrgs(parent, q);
  return (
    <Loaded query={orgs} rows={parent === "" ? 6 : 1}>
      {({ items }) =>
        items.length === 0 ? (
          <Empty title={t.admin.orgsEmpty} help={t.admin.orgsHelp} />
        ) : (
          <ul className="cs-orgs">
            {items.map((org) => (
              <Node key={org.id} org={org} />
            ))}
          </ul>
        )
      }
    </Loaded>
  );
}

function Node({ org }: { org: Org }) {
  const { t, pick } = useText();
  const [open, setOpen] = useState(false);
  const name = pick(org.name);
  const has = (org.children ?? 0) > 0;
  return (
    <li>
      <div className="cs-org">
        {has ? (
          <button
            type="button"
            className="cs-icon-button"
            aria-expanded={open}
            aria-label={open ? t.admin.orgCollapse(name) : t.admin.orgExpand(name)}
            onClick={() => setOpen(!open)}
          >
            {open ? <CaretDownOutlined aria-hidden /> : <CaretRightOutlined aria-hidden />}
          </button>
        ) : (
          <span className="cs-org-leaf" aria-hidden />
        )}
        <span>{name}</span>
        {has ? <span className="cs-muted">{org.children}</span> : null}
        {org.kind ? <span className="cs-muted">{org.kind}</span> : null}
        {org.code ? <code className="cs-muted">{org.code}</code> : null}
      </div>
      {open ? <Level parent={org.id} q="" /> : null}
    </li>
  );
}
