import type { Fields, Label, Type } from "../api/types";
import { useText } from "../text";
import { fieldOf } from "../types/declared";
import { FieldValue } from "./FieldValue";
import type { Holder } from "./FieldValue";

interface Props {
  type: Type;
  names: string[];
  fields: Fields;
  labels?: Record<string, Label | Label[]>;
  holder: Holder;
}

/** The values that a step set, each with its title. Files have a place of their own. */
export function Changes({ type, names, fields, labels, holder }: Props) {
  const { pick } = useText();
  const shown = names.flatMap((name) => fieldOf(type, name) ?? []).filter((field) => field.name in fields);
  if (shown.length === 0) return null;
  return (
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
}
