import { useState } from "react";
import { useQuery } from "@tanstack/react-query";
import { get } from "../api/client";
import { keys } from "../api/keys";
import { useType } from "../api/queries";
import { itemPath } from "../api/query";
import type { Item, Type } from "../api/types";
import { Section } from "../kit/Page";
import { Loaded } from "../kit/states";
import { useText } from "../text";
import { Check } from "./Check";
import { PageView } from "./PageView";
import { checkedOf, foundOf, isSure, placesOf } from "./model";
import type { ScannedPages } from "./model";
import "./archive.css";

/** The scanned pages of a case or record, with a box around each value; whoever is to check a case does so beside them. */
export function Scans({ type, item }: { type: Type; item: Item }) {
  const { t } = useText();
  const pages = useQuery({
    queryKey: [...keys.item(type.kind, type.name, item.id), "pages", item.rev],
    queryFn: ({ signal }) => get<ScannedPages>(`${itemPath(type.kind, type.name, item.id)}/pages`, signal),
  });
  return (
    <Loaded query={pages}>
      {(read) =>
        read.items.length > 0 ? (
          <Section title={t.archive.title}>
            <Shown type={type} item={item} pages={read} />
          </Section>
        ) : null
      }
    </Loaded>
  );
}

function Shown({ type, item, pages }: { type: Type; item: Item; pages: ScannedPages }) {
  const record = useType(pages.record);
  const list = checkedOf(type);
  const actions = (item.case?.actions ?? []).filter((action) => action.ok && list && action.form?.some((entry) => entry.field === list.name));
  if (list && actions.length > 0 && record.data) {
    return <Check key={item.rev} type={type} item={item} pages={pages} record={record.data} list={list.name} actions={actions} />;
  }
  return <Pointing type={record.data ?? type} item={item} pages={pages} found={foundOf(item, placesOf(type))} />;
}

/** The values of a record, each pointing at its place. */
function Pointing({ type, pages, found }: { type: Type; item: Item; pages: ScannedPages; found: ReturnType<typeof foundOf> }) {
  const { t, pick } = useText();
  const [page, setPage] = useState(1);
  const [chosen, setChosen] = useState<string>();
  const title = (name: string) => pick(type.fields.find((field) => field.name === name)?.title) || name;
  const boxes = found.flatMap((one) =>
    one.place ? [{ field: one.field, title: title(one.field), place: one.place, doubtful: pages.sure !== undefined && !isSure(one, pages.sure) }] : [],
  );
  return (
    <div className="cs-check">
      <PageView pages={pages.items} page={page} turnTo={setPage} boxes={boxes} chosen={chosen} choose={setChosen} />
      <ul className="cs-check-list">
        {boxes.map((box) => (
          <li key={box.field}>
            <button
              type="button"
              className="cs-check-point"
              aria-pressed={box.field === chosen}
              onClick={() => {
                setPage(box.place.page);
                setChosen(box.field);
              }}
            >
              {box.title} <span className="cs-muted">{t.archive.placed(box.place.page)}</span>
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}
