import type { HistoryItem, Type } from "../api/types";
import { useHistory } from "../api/queries";
import { Empty, Loaded } from "../kit/states";
import { formatTime } from "../kit/time";
import { useText, verbName, wordFor } from "../text";
import type { Text } from "../text";
import { nameTitle } from "../types/declared";
import { Changes } from "./Changes";

/** The revisions of a record, newest first: who changed what, when. */
export function History({ type, id }: { type: Type; id: string }) {
  const text = useText();
  const history = useHistory(type, id);
  return (
    <Loaded query={history}>
      {({ items }) =>
        items.length === 0 ? (
          <Empty title={text.t.item.historyEmpty} />
        ) : (
          <ol className="cs-history">
            {items.map((item) => (
              <Revision key={item.rev} item={item} type={type} id={id} text={text} />
            ))}
          </ol>
        )
      }
    </Loaded>
  );
}

function Revision({ item, type, id, text }: { item: HistoryItem; type: Type; id: string; text: Text }) {
  const { t } = text;
  const changed = item.changed ?? [];
  return (
    <li>
      <div className="cs-row">
        <strong>{t.item.revision(item.rev)}</strong>
        <span>{wordFor(t.item.verbs, verbName(item.verb))}</span>
        <time dateTime={item.at} className="cs-muted">
          {formatTime(item.at)}
        </time>
      </div>
      <div className="cs-muted">{t.item.by(item.mine ? t.case.me(item.actor_name) : item.actor_name || (item.actor ? t.case.withheld : t.item.system))}</div>
      {item.fields && changed.length > 0 ? (
        <Changes type={type} names={changed} fields={item.fields} labels={item.labels} holder={{ type: type.name, id }} />
      ) : changed.length > 0 ? (
        <div>{`${t.item.changed}: ${changed.map((name) => nameTitle(type, name, text)).join(t.common.separator)}`}</div>
      ) : null}
    </li>
  );
}
