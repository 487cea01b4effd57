import type { Fields, Label, Type } from "../api/types";
import { useText } from "../text";
import { fieldOf } from "../types/declared";
import { FieldValue } from "./FieldValue";
import type { Holder } from "./FieldValue";

/** More values than this are folded away: a first report sets them all, and they stand on the page above anyway. */
const mostOpen = 3;

interface Props {
  type: Type;
  names: string[];
  fields: Fields;
  labels?: Record<string, Label | Label[]>;
  holder: Holder;
}

/** The values that a step set, each with its title. Files have a place of their own. */
export function Changes({ type, names, fields, labels, holder }: Props) {
  const { t, pick } = useText();
  const shown = names.flatMap((name) => fieldOf(type, name) ?? []).filter((field) => field.name in fields);
  if (shown.length === 0) return null;
  const list = (
    <dl className="cs-changes">
      {shown.map((field) => (
        <div key={field.name} className="cs-change">
          <dt>{pick(field.title)}</dt>
          <dd>
            <FieldValue field={field} value={fields[field.name]} labels={labels?.[field.name]} holder={holder} />
          </dd>
        </div>
      ))}
    </dl>
  );
  if (shown.length <= mostOpen) return list;
  return (
    <details className="cs-changes-folded">
      <summary>{t.item.values(shown.length)}</summary>
      {list}
    </details>
  );
}
