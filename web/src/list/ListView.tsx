import { EnvironmentOutlined, TableOutlined } from "@ant-design/icons";
import { Button, Segmented } from "antd";
import { Suspense, lazy } from "react";
import { filtersIn, mergeParams } from "../api/query";
import type { ListParams } from "../api/query";
import { useList } from "../api/queries";
import type { Item, Type } from "../api/types";
import { DataTable } from "../kit/DataTable";
import { Empty, Loaded, Loading } from "../kit/states";
import { useFace } from "../shell/paths";
import { useText } from "../text";
import { columnsOf } from "../types/declared";
import { FilterBar } from "./FilterBar";
import { itemColumns } from "./columns";
import { apiParams, useListParams } from "./useListParams";

const TypeMap = lazy(async () => ({ default: (await import("../map/TypeMap")).TypeMap }));

interface Props {
  type: Type;
  list?: string[];
  filters?: string[];
  sort?: string;
  where?: ListParams;
  /** Opens on the map when the type has places. */
  mapFirst?: boolean;
}

/** A list of one type with its filters, as a table or on the map. Everything chosen stands in the address. */
export function ListView({ type, list, filters, sort, where, mapFirst }: Props) {
  const { t } = useText();
  const [params, change] = useListParams();
  const hasPlaces = type.fields.some((field) => field.type === "point" || field.type === "area");
  const view = hasPlaces ? (params.as ?? (mapFirst ? "map" : "table")) : "table";
  const asked = mergeParams(apiParams(params), where, sort);
  return (
    <>
      <FilterBar type={type} filters={filters ?? type.filters ?? []} params={apiParams(params)} change={change} />
      {hasPlaces ? (
        <div className="cs-list-bar">
          <Segmented
            aria-label={t.list.view}
            value={view}
            onChange={(as) => change({ as })}
            options={[
              { value: "table", label: t.list.table, icon: <TableOutlined aria-hidden /> },
              { value: "map", label: t.list.map, icon: <EnvironmentOutlined aria-hidden /> },
            ]}
          />
        </div>
      ) : null}
      {view === "map" ? (
        <Suspense fallback={<Loading rows={8} />}>
          <TypeMap type={type} params={asked} />
        </Suspense>
      ) : (
        <Rows
          type={type}
          params={asked}
          names={columnsOf(type, list)}
          filtered={filtersIn(apiParams(params)).length > 0 || Boolean(params.q)}
        />
      )}
    </>
  );
}

function Rows({ type, params, names, filtered }: { type: Type; params: ListParams; names: string[]; filtered: boolean }) {
  const text = useText();
  const { t, pick } = text;
  const face = useFace();
  const list = useList(type.kind, type.name, params);
  return (
    <Loaded query={list} rows={8}>
      {(data) => {
        const rows: Item[] = data.pages.flatMap((page) => page.items);
        if (rows.length === 0) return <Empty title={t.list.empty} help={filtered ? t.list.emptyFiltered : t.list.emptyFresh} />;
        return (
          <div aria-busy={list.isPlaceholderData}>
            <DataTable
              caption={t.list.caption(pick(type.title))}
              columns={itemColumns(type, names, face, text)}
              rows={rows}
              rowKey={(item) => item.id}
            />
            <div className="cs-list-more">
              {list.hasNextPage ? (
                <Button onClick={() => void list.fetchNextPage()} loading={list.isFetchingNextPage}>
                  {`${t.common.more} (${t.common.shown(rows.length)})`}
                </Button>
              ) : (
                <span className="cs-muted">{t.list.results(rows.length)}</span>
              )}
            </div>
          </div>
        );
      }}
    </Loaded>
  );
}
