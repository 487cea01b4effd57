import { Button } from "antd";
import { useState } from "react";
import type { CaseAction, Item, Type } from "../api/types";
import { useText } from "../text";
import { ActionDialog } from "./ActionDialog";

/** What the user may do with the case now. What a condition forbids is shown with the reason, not hidden. */
export function Actions({ type, item }: { type: Type; item: Item }) {
  const { t, pick } = useText();
  const [chosen, setChosen] = useState<CaseAction>();
  const actions = item.case?.actions ?? [];
  const possible = actions.filter((action) => action.ok);
  const blocked = actions.filter((action) => !action.ok);
  return (
    <>
      {possible.length === 0 ? <p className="cs-muted cs-tight">{t.case.noActions}</p> : null}
      <div className="cs-actions">
        {possible.map((action) => (
          <Button
            key={action.name}
            size="large"
            type={action.style === "primary" ? "primary" : "default"}
            danger={action.style === "danger"}
            onClick={() => setChosen(action)}
          >
            {pick(action.title)}
          </Button>
        ))}
      </div>
      {blocked.length > 0 ? (
        <div className="cs-blocked">
          <h3>{t.case.blocked}</h3>
          <ul>
            {blocked.map((action) => (
              <li key={action.name}>
                <strong>{pick(action.title)}</strong>
                {`: ${(action.why ?? []).map(pick).join(t.common.separator)}`}
              </li>
            ))}
          </ul>
        </div>
      ) : null}
      {chosen ? <ActionDialog key={chosen.name} type={type} opened={item} action={chosen} close={() => setChosen(undefined)} /> : null}
    </>
  );
}
