import { Link } from "@tanstack/react-router";
import { mergeParams } from "../api/query";
import { useList, useScreen, useType } from "../api/queries";
import type { NavItem, Screen, Type } from "../api/types";
import { DeadlineClock } from "../kit/LightBadge";
import { Loaded } from "../kit/states";
import { StateMark } from "../list/columns";
import { itemHref, screenPath } from "../shell/paths";
import { useText } from "../text";
import { fieldOf, itemTitle } from "../types/declared";
import { MaskedValue } from "../detail/FieldValue";

const shown = 4;

/** The latest few of the user's own cases, for the front page. */
export function RecentItems({ screen }: { screen: NavItem }) {
  const declared = useScreen(screen.name);
  const type = useType(screen.of);
  return (
    <Loaded query={declared} rows={2}>
      {(found) => (
        <Loaded query={type} rows={2}>
          {(of) => <Items screen={found} type={of} />}
        </Loaded>
      )}
    </Loaded>
  );
}

function Items({ screen, type }: { screen: Screen; type: Type }) {
  const text = useText();
  const { t } = text;
  const list = useList(type.kind, type.name, { ...mergeParams({}, screen.where, screen.sort), limit: String(shown) });
  const name = (screen.list ?? type.list ?? []).find((one) => fieldOf(type, one) && one !== type.title_field);
  const field = name === undefined ? undefined : fieldOf(type, name);
  return (
    <Loaded query={list} rows={2}>
      {({ pages }) => {
        const [first] = pages;
        if (!first || first.items.length === 0) return <p className="cs-muted">{t.home.mineEmpty}</p>;
        return (
          <>
            <ul className="cs-recent">
              {first.items.map((item) => (
                <li key={item.id}>
                  <span className="cs-recent-facts">
                    <Link to={itemHref("public", item.type, item.id)}>{itemTitle(item, type, text)}</Link>
                    {field ? <MaskedValue item={item} field={field} short /> : null}
                  </span>
                  {item.case ? (
                    <span className="cs-recent-facts">
                      <StateMark type={type} state={item.case.state} title={item.case.state_title} text={text} />
                      <DeadlineClock light={item.case.light} dueAt={item.case.due_at} />
                    </span>
                  ) : null}
                </li>
              ))}
            </ul>
            {first.next ? <Link to={screenPath(screen)}>{t.home.viewAll}</Link> : null}
          </>
        );
      }}
    </Loaded>
  );
}
