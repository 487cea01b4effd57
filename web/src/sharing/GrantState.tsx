import type { IssuedGrant } from "../api/sharing";
import type { Type } from "../api/types";
import { ShareBar } from "../kit/Bar";
import { formatNumber } from "../kit/format";
import { useText } from "../text";
import { fieldOf } from "../types/declared";

export function StateMark({ state }: Pick<IssuedGrant, "state">) {
  const { t } = useText();
  return <span className={`cs-grant-state cs-grant-${state}`}>{t.sharing.states[state]}</span>;
}

/** How much of a grant has been used: a bar where there is a bound, and words always. */
export function Used({ used, records }: Pick<IssuedGrant, "used" | "records">) {
  const { t } = useText();
  return (
    <>
      {records ? <ShareBar part={used} whole={records} className="cs-bar-done" /> : null}
      <span className="cs-number">
        {records ? t.sharing.usedOf(formatNumber(used), formatNumber(records)) : t.sharing.usedFree(formatNumber(used))}
      </span>
    </>
  );
}

/** The fields of a grant; of personal ones it is said whether they come in clear. */
export function FieldTags({ grant, type }: { grant: IssuedGrant; type?: Type }) {
  const { t, pick } = useText();
  return (
    <ul className="cs-tags">
      {grant.fields.map((name) => {
        const field = type && fieldOf(type, name);
        const clear = grant.unmask.includes(name);
        const mark = clear ? t.sharing.clear : field?.personal ? t.sharing.masked : "";
        return (
          <li key={name} className={mark ? (clear ? "cs-tag-clear" : "cs-tag-masked") : undefined}>
            {pick(field?.title) || name}
            {mark ? <span className="cs-tag-mark">{mark}</span> : null}
          </li>
        );
      })}
    </ul>
  );
}

/** A grant ends with its last day: at the midnight after it. */
export function lastDay(until: string): string {
  return new Date(Date.parse(until) - 1).toISOString();
}
