import { SearchOutlined } from "@ant-design/icons";
import { Input, Segmented } from "antd";
import { useState } from "react";
import { Link } from "@tanstack/react-router";
import { useNavItems, useTypes } from "../api/queries";
import type { Face, Kind, TypeSummary } from "../api/types";
import { LatestRelease } from "../dataset/LatestRelease";
import { DataTable } from "../kit/DataTable";
import { formatNumber } from "../kit/format";
import { Empty, Loaded } from "../kit/states";
import { cataloguePath, useFace } from "../shell/paths";
import { useText, wordFor } from "../text";
import type { Text } from "../text";
import "../list/list.css";

type Shown = Kind | "all";

/** Everything the city holds and handles that the user may see: whose it is, on what basis, how it may be shared. */
export function CatalogueView() {
  const text = useText();
  const { t } = text;
  const types = useTypes();
  const packTitle = usePackTitle(text);
  const face = useFace();
  const [words, setWords] = useState("");
  const [shown, setShown] = useState<Shown>("all");
  return (
    <>
      <form role="search" className="cs-list-bar" onSubmit={(event) => event.preventDefault()}>
        <Input
          type="search"
          className="cs-search-box"
          prefix={<SearchOutlined aria-hidden />}
          aria-label={t.catalogue.filter}
          placeholder={t.catalogue.filter}
          value={words}
          onChange={(event) => setWords(event.target.value)}
        />
        <Segmented<Shown>
          aria-label={t.catalogue.kind}
          value={shown}
          onChange={setShown}
          options={[
            { value: "all", label: t.common.all },
            { value: "record", label: t.catalogue.record },
            { value: "dataset", label: t.catalogue.dataset },
            { value: "case", label: t.catalogue.case },
          ]}
        />
      </form>
      <Loaded query={types} rows={10}>
        {(all) => {
          const rows = all.filter((type) => (shown === "all" || type.kind === shown) && mentions(type, packTitle(type.pack), words, text));
          return rows.length === 0 ? (
            <Empty title={t.catalogue.empty} help={t.catalogue.emptyHelp} />
          ) : (
            <Rows rows={rows} face={face} packTitle={packTitle} text={text} />
          );
        }}
      </Loaded>
    </>
  );
}

/** Packs in words, as far as a screen of theirs names them. */
function usePackTitle({ pick }: Text): (pack: string) => string {
  const nav = useNavItems();
  const titles = new Map((nav.data ?? []).map((item) => [item.pack, pick(item.pack_title)]));
  return (pack) => titles.get(pack) || pack;
}

function mentions(type: TypeSummary, pack: string, words: string, { pick }: Text): boolean {
  const wanted = words.trim().toLowerCase();
  return [pick(type.title), type.title.zh, type.owner, pack, type.name].some((one) => one?.toLowerCase().includes(wanted));
}

function Rows({ rows, face, packTitle, text }: { rows: TypeSummary[]; face: Face; packTitle: (pack: string) => string; text: Text }) {
  const { t, pick } = text;
  return (
    <DataTable
      caption={t.catalogue.title}
      rows={rows}
      rowKey={(type) => type.name}
      columns={[
        {
          key: "name",
          title: t.catalogue.name,
          header: true,
          render: (type) => <Link to={cataloguePath(face, type.name)}>{pick(type.title)}</Link>,
        },
        { key: "kind", title: t.catalogue.kind, render: (type) => <KindCell type={type} /> },
        { key: "pack", title: t.catalogue.pack, render: (type) => packTitle(type.pack) },
        { key: "owner", title: t.catalogue.owner, render: (type) => type.owner },
        { key: "level", title: t.catalogue.level, render: (type) => wordFor(t.catalogue.levels, type.level) },
        { key: "sharing", title: t.catalogue.sharing, render: (type) => wordFor(t.catalogue.sharings, type.sharing) },
        { key: "opening", title: t.catalogue.opening, render: (type) => wordFor(t.catalogue.openings, type.opening) },
        { key: "cycle", title: t.catalogue.cycle, render: (type) => wordFor(t.catalogue.cycles, type.cycle) },
        { key: "count", title: t.catalogue.count, numeric: true, render: (type) => formatNumber(type.count) },
      ]}
    />
  );
}

/** What a type is; of a dataset also its latest release. */
function KindCell({ type }: { type: TypeSummary }) {
  const { t } = useText();
  return (
    <>
      {t.catalogue[type.kind]}
      {type.kind === "dataset" ? <LatestRelease dataset={type.name} /> : null}
    </>
  );
}
