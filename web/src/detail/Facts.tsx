import type { Field, Item, Type, Value } from "../api/types";
import { useText } from "../text";
import { MaskedValue } from "./FieldValue";

const wideTypes = new Set<Field["type"]>(["list", "file"]);

/** All fields that have come, each under its title, with what is personal marked as such. */
export function Facts({ type, item }: { type: Type; item: Item }) {
  const { t, pick } = useText();
  const shown = type.fields.filter((field) => hasValue(item.fields[field.name]) || item.masked?.includes(field.name));
  return (
    <dl className="cs-facts">
      {shown.map((field) => (
        <div key={field.name} className={wideTypes.has(field.type) || field.multiline ? "cs-wide" : undefined}>
          <dt>
            {pick(field.title)}
            {field.sensitive ? (
              <span className="cs-mark">{t.field.sensitive}</span>
            ) : field.personal ? (
              <span className="cs-mark">{t.field.personal}</span>
            ) : null}
          </dt>
          <dd>
            <MaskedValue item={item} field={field} />
          </dd>
        </div>
      ))}
    </dl>
  );
}

function hasValue(value: Value | undefined): boolean {
  return value !== undefined && value !== null && value !== "" && !(Array.isArray(value) && value.length === 0);
}
