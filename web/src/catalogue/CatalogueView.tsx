import { SearchOutlined } from "@ant-design/icons";
import { Button, Input, Segmented } from "antd";
import { useEffect, useState } from "react";
import { useNavItems } from "../api/queries";
import { Empty, Loaded } from "../kit/states";
import { useDelayed } from "../kit/useDelayed";
import { useListParams } from "../list/useListParams";
import { useText } from "../text";
import type { Text } from "../text";
import { Facets } from "./Facets";
import { ResourceCards, ResourceTable } from "./Resources";
import { facets, narrowed } from "./facets";
import { useFoundTypes } from "./found";
import "../list/list.css";
import "./catalogue.css";

/** Everything the city holds and handles: whose it is, on what basis, how it may be shared. What is asked for stands in the address. */
export function CatalogueView() {
  const text = useText();
  const { t } = text;
  const [params, change] = useListParams();
  const types = useFoundTypes(params.q ?? "");
  const packTitle = usePackTitle(text);
  const asTable = params.as === "table";
  const clear = () => change({ q: "", ...Object.fromEntries(facets.map((facet) => [facet, ""])) });
  return (
    <>
      <form role="search" className="cs-list-bar" onSubmit={(event) => event.preventDefault()}>
        <Words value={params.q ?? ""} change={(q) => change({ q })} />
        <Segmented
          aria-label={t.catalogue.look}
          value={asTable ? "table" : "cards"}
          onChange={(as) => change({ as: as === "table" ? as : "" })}
          options={[
            { value: "cards", label: t.catalogue.asCards },
            { value: "table", label: t.common.asTable },
          ]}
        />
      </form>
      <Loaded query={types} rows={10}>
        {(all) => {
          const rows = narrowed(all, params);
          return (
            <div className="cs-catalogue">
              <Facets types={all} params={params} change={change} packTitle={packTitle} />
              <div className="cs-catalogue-found">
                <p role="status" className="cs-muted">
                  {t.list.results(rows.length)}
                </p>
                {rows.length === 0 ? (
                  <Empty title={t.catalogue.empty} help={t.catalogue.emptyHelp}>
                    <Button onClick={clear}>{t.catalogue.clear}</Button>
                  </Empty>
                ) : asTable ? (
                  <ResourceTable rows={rows} packTitle={packTitle} />
                ) : (
                  <ResourceCards rows={rows} packTitle={packTitle} />
                )}
              </div>
            </div>
          );
        }}
      </Loaded>
    </>
  );
}

/** The words searched for, sent when they have stood still for a moment. */
function Words({ value, change }: { value: string; change: (words: string) => void }) {
  const { t } = useText();
  const [typed, setTyped] = useState(value);
  const settled = useDelayed(typed, 250);
  const [before, setBefore] = useState(value);
  if (before !== value) {
    setBefore(value); // the address was changed otherwise, such as by going back
    setTyped(value);
  }
  useEffect(() => {
    if (settled === typed && settled.trim() !== value) change(settled.trim());
  }, [settled, typed, value, change]);
  return (
    <Input
      type="search"
      className="cs-search-box"
      prefix={<SearchOutlined aria-hidden />}
      aria-label={t.catalogue.filter}
      placeholder={t.catalogue.filter}
      value={typed}
      onChange={(event) => setTyped(event.target.value)}
    />
  );
}

/** Packs in words, as far as a screen of theirs names them. */
function usePackTitle({ pick }: Text): (pack: string) => string {
  const nav = useNavItems();
  const titles = new Map((nav.data ?? []).map((item) => [item.pack, pick(item.pack_title)]));
  return (pack) => titles.get(pack) || pack;
}
