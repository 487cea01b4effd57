import { Link } from "@tanstack/react-router";
import { useType } from "../api/queries";
import type { Item, QueueData } from "../api/types";
import { useArrivals } from "../inbox/useArrivals";
import { DeadlineClock } from "../kit/LightBadge";
import { StateMark } from "../list/columns";
import { itemHref, useFace } from "../shell/paths";
import { useText } from "../text";
import { fieldOf, itemTitle } from "../types/declared";
import type { Text } from "../text";
import type { Type } from "../api/types";
import { MaskedValue } from "../detail/FieldValue";

const shownFields = 2;

/** Cases that wait, most urgent first; one that has just come is marked for a moment. */
export function QueueWidget({ data, of }: { data: QueueData; of?: string }) {
  const text = useText();
  const type = useType(data.items[0]?.type ?? of);
  const fresh = useArrivals(
    data.items.map((item) => item.id),
    "queue",
    true,
  );
  if (data.items.length === 0) return <p className="cs-muted">{text.t.inbox.empty}</p>;
  return (
    <ul className="cs-queue" tabIndex={0} aria-live="polite">
      {data.items.map((item) => (
        <li key={item.id} className={fresh.has(item.id) ? "cs-row-new" : undefined}>
          <Entry item={item} type={type.data} text={text} />
        </li>
      ))}
    </ul>
  );
}

function Entry({ item, type, text }: { item: Item; type: Type | undefined; text: Text }) {
  const face = useFace();
  const names = (type?.list ?? []).filter((name) => fieldOf(type as Type, name) && item.fields[name] !== undefined).slice(0, shownFields);
  return (
    <>
      <div className="cs-queue-head">
        <Link to={itemHref(face, item.type, item.id)}>{itemTitle(item, type, text)}</Link>
        {item.case ? <StateMark type={type} state={item.case.state} title={item.case.state_title} text={text} /> : null}
      </div>
      <div className="cs-queue-facts">
        {names.map((name) => {
          const field = type && fieldOf(type, name);
          return field ? (
            <span key={name}>
              <MaskedValue item={item} field={field} short />
            </span>
          ) : null;
        })}
      </div>
      {item.case ? <DeadlineClock light={item.case.light} dueAt={item.case.due_at} /> : null}
    </>
  );
}
