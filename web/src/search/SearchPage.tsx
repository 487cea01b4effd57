import { SearchOutlined } from "@ant-design/icons";
import { Button, Input } from "antd";
import { useId, useState } from "react";
import { useQueries } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { get } from "../api/client";
import { keys } from "../api/keys";
import { useNavItems, useTypes } from "../api/queries";
import { itemsPath, splitValues, withParams } from "../api/query";
import type { Item, NavItem, Page as ListPage, Type, TypeSummary } from "../api/types";
import { Choose } from "../kit/Choose";
import { Page, Section } from "../kit/Page";
import { Empty, Loading } from "../kit/states";
import { StateMark } from "../list/columns";
import { useListParams } from "../list/useListParams";
import { itemHref, typePath, useFace } from "../shell/paths";
import { useText } from "../text";
import { itemTitle } from "../types/declared";
import "../list/list.css";

const leastLength = 2; // the server's index is of pairs of characters
const perType = 10;
const mostDefault = 6;

/** One word sought in several types at once. The types of the user's own screens are sought in unless others are chosen. */
export function SearchPage() {
  const { t } = useText();
  const [params, change] = useListParams();
  const types = useTypes();
  const nav = useNavItems();
  const searched = (types.data ?? []).filter(({ kind }) => kind !== "dataset"); // whose rows are not indexed
  const chosen = splitValues(params.types);
  const sought = chosen.length > 0 ? chosen : defaultTypes(nav.data ?? [], searched);
  const q = params.q ?? "";
  return (
    <Page title={t.search.title} lead={t.search.help}>
      <Ask key={q} q={q} sought={sought} types={searched} change={change} />
      {[...q].length >= leastLength ? <Results q={q} names={sought} types={searched} /> : null}
    </Page>
  );
}

function defaultTypes(nav: NavItem[], types: TypeSummary[]): string[] {
  const shown = new Set(nav.filter((item) => item.face !== "public").map((item) => item.of));
  const own = types.filter((type) => shown.has(type.name));
  return (own.length > 0 ? own : types)
    .sort((a, b) => Number(b.kind === "case") - Number(a.kind === "case"))
    .slice(0, mostDefault)
    .map((type) => type.name);
}

function Ask({
  q,
  sought,
  types,
  change,
}: {
  q: string;
  sought: string[];
  types: TypeSummary[];
  change: (params: Record<string, string>) => void;
}) {
  const { t, pick } = useText();
  const id = useId();
  const [typed, setTyped] = useState(q);
  return (
    <form
      role="search"
      className="cs-filters"
      onSubmit={(event) => {
        event.preventDefault();
        change({ q: typed.trim() });
      }}
    >
      <div className="cs-filter cs-filter-wide">
        <label htmlFor={`${id}-q`}>{t.search.label}</label>
        <Input id={`${id}-q`} type="search" autoFocus value={typed} onChange={(event) => setTyped(event.target.value)} />
      </div>
      <div className="cs-filter cs-filter-types">
        <label htmlFor={`${id}-types`}>{t.search.types}</label>
        <Choose
          title={t.search.types}
          id={`${id}-types`}
          mode="multiple"
          maxTagCount="responsive"
          showSearch={{ optionFilterProp: "label" }}
          value={sought}
          options={types.map((type) => ({ value: type.name, label: pick(type.title) }))}
          onChange={(next: string[]) => change({ types: next.join(",") })}
        />
      </div>
      <Button type="primary" htmlType="submit" icon={<SearchOutlined aria-hidden />}>
        {t.common.search}
      </Button>
    </form>
  );
}

interface Found {
  type: Type;
  items: Item[];
}

/** One request for each type; types without an index of words are left out. */
function Results({ q, names, types }: { q: string; names: string[]; types: TypeSummary[] }) {
  const { t, pick } = useText();
  const results = useQueries({
    queries: names.map((name) => ({
      queryKey: keys.search(name, q),
      queryFn: async ({ signal }: { signal: AbortSignal }): Promise<Found | null> => {
        const type = await get<Type>(`/api/types/${encodeURIComponent(name)}`, signal);
        if (!type.search) return null;
        const page = await get<ListPage<Item>>(withParams(itemsPath(type.kind, name), { q, limit: String(perType) }), signal);
        return { type, items: page.items };
      },
    })),
  });
  const found = results.flatMap(({ data }) => (data && data.items.length > 0 ? [data] : []));
  const failed = names.filter((_, index) => results[index]?.error);
  const busy = results.some((result) => result.isPending);
  return (
    <div aria-live="polite" aria-busy={busy}>
      {found.map((one) => (
        <Group key={one.type.name} found={one} q={q} />
      ))}
      {failed.map((name) => (
        <p key={name} className="cs-error">
          {t.search.failed(pick(types.find((type) => type.name === name)?.title) || name)}
        </p>
      ))}
      {busy ? (
        <Loading rows={3} />
      ) : found.length === 0 && failed.length === 0 ? (
        <Empty title={t.search.emptyTitle} help={t.search.empty} />
      ) : null}
    </div>
  );
}

function Group({ found: { type, items }, q }: { found: Found; q: string }) {
  const text = useText();
  const { t, pick } = text;
  const face = useFace();
  const title = pick(type.title);
  return (
    <Section
      title={title}
      extra={
        items.length >= perType ? (
          <Link to={typePath(face, type.name)} search={{ q }}>
            {t.search.in(title)}
          </Link>
        ) : null
      }
    >
      <ul className="cs-found">
        {items.map((item) => (
          <li key={item.id}>
            <Link to={itemHref(face, type.name, item.id)}>{itemTitle(item, type, text)}</Link>
            {item.case ? <StateMark type={type} state={item.case.state} title={item.case.state_title} text={text} /> : null}
          </li>
        ))}
      </ul>
    </Section>
  );
}
