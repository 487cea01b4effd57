import { Alert } from "antd";
import { useEffect, useId, useRef } from "react";
import type { ReactNode } from "react";
import type { Item } from "../api/types";
import { useText } from "../text";
import type { Entry } from "../types/declared";
import { FieldInput } from "./FieldInput";
import type { FormState } from "./useFormState";
import type { Raw } from "./values";
import { changeWith, isFieldTable, useResource, withinOf } from "./within";
import type { Within } from "./within";
import "./form.css";

/** The lines of a form, with a summary of what is not right that takes the focus and links to each field. */
export function FormFields({ entries, state, item }: { entries: Entry[]; state: FormState; item?: Item }) {
  const prefix = useId();
  const resource = useResource(entries, state, item);
  return (
    <div className="cs-form">
      <Summary entries={entries} state={state} prefix={prefix} />
      {entries.map((entry) => (
        <Line
          key={entry.name}
          id={`${prefix}-${entry.name}`}
          entry={entry}
          state={state}
          change={(raw) => changeWith(entries, state, entry, raw)}
          within={withinOf(entries, state, entry, resource)}
          item={item}
        />
      ))}
    </div>
  );
}

function Summary({ entries, state, prefix }: { entries: Entry[]; state: FormState; prefix: string }) {
  const { t, pick } = useText();
  const box = useRef<HTMLDivElement>(null);
  const { errors, rest } = state;
  const count = errors.size + rest.length;
  useEffect(() => {
    if (count > 0) box.current?.focus();
  }, [errors, rest, count]);
  if (count === 0) return null;
  return (
    <div ref={box} tabIndex={-1} role="alert" className="cs-form-alert">
      <Alert
        type="error"
        showIcon
        role="presentation"
        title={t.form.fix(count)}
        description={
          <ul>
            {entries
              .filter((entry) => errors.has(entry.name))
              .map((entry) => (
                <li key={entry.name}>
                  <a href={`#${prefix}-${entry.name}`} onClick={(event) => focusOn(event, `${prefix}-${entry.name}`)}>
                    {pick(entry.field.title)}
                  </a>
                  {` — ${errors.get(entry.name) ?? ""}`}
                </li>
              ))}
            {rest.map((sentence, index) => (
              <li key={index}>{sentence}</li>
            ))}
          </ul>
        }
      />
    </div>
  );
}

function focusOn(event: React.MouseEvent, id: string): void {
  const line = document.getElementById(`${id}-line`);
  const target = line?.querySelector<HTMLElement>("input, textarea, select, button, [tabindex]");
  if (!target) return;
  event.preventDefault();
  target.focus();
}

/** Kinds whose control is several controls, so that the title names a group instead of labelling one input. */
function isGroup({ field }: Entry): boolean {
  return isFieldTable(field) || ["point", "area", "file", "list", "boolean"].includes(field.type) || isButtons(field);
}

/** Few choices, or a short scale such as a rating, are all shown at once. */
export function isButtons(field: Entry["field"]): boolean {
  if (field.type === "choice") return !field.many && (field.choices?.length ?? 0) <= mostButtons;
  return (
    field.type === "integer" && !field.many && field.min !== undefined && field.max !== undefined && field.max - field.min < mostButtons
  );
}

const mostButtons = 6;

interface LineProps {
  id: string;
  entry: Entry;
  state: FormState;
  change: (raw: Raw) => void;
  within?: Within;
  item?: Item;
}

function Line({ id, entry, state, change, within, item }: LineProps) {
  const { t, pick } = useText();
  const { field, name, required } = entry;
  const error = state.errors.get(name);
  const help = pick(field.help) || (field.personal ? t.form.personalHelp : "");
  const described = [help ? `${id}-help` : "", error ? `${id}-error` : ""].filter(Boolean).join(" ") || undefined;
  const title: ReactNode = (
    <>
      {pick(field.title)}
      <span className={required ? "cs-required" : "cs-optional"}>{required ? t.common.required : t.common.optional}</span>
    </>
  );
  const control = (
    <FieldInput
      id={id}
      field={field}
      required={required}
      raw={state.raws[name]}
      change={change}
      within={within}
      pending={(pending) => state.setPending(name, pending)}
      described={described}
      invalid={error !== undefined}
      item={item}
    />
  );
  const below = (
    <>
      {help ? (
        <p id={`${id}-help`} className="cs-help">
          {help}
        </p>
      ) : null}
      {error ? (
        <p id={`${id}-error`} className="cs-error">
          {error}
        </p>
      ) : null}
    </>
  );
  const className = error ? "cs-line cs-line-wrong" : "cs-line";
  if (isGroup(entry))
    return (
      <fieldset id={`${id}-line`} className={className} aria-describedby={described}>
        <legend>{title}</legend>
        {control}
        {below}
      </fieldset>
    );
  return (
    <div id={`${id}-line`} className={className}>
      <label htmlFor={id}>{title}</label>
      {control}
      {below}
    </div>
  );
}
