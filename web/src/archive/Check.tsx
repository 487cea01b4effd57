import { Alert, App, Button, Checkbox, Input, Select } from "antd";
import { useEffect, useMemo, useState } from "react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { post } from "../api/client";
import { keys } from "../api/keys";
import { Problem } from "../api/problem";
import { itemPath } from "../api/query";
import type { CaseAction, Field, Item, Label, Type } from "../api/types";
import { problemText } from "../kit/problemText";
import { useText } from "../text";
import { PageView } from "./PageView";
import { beginning, foundOf, isSure, placesOf, sent } from "./model";
import type { Checked, Found, Place, ScannedPages } from "./model";

interface Props {
  type: Type;
  item: Item;
  pages: ScannedPages;
  /** The type of the record that the case is to become. */
  record: Type;
  /** The field with what was checked. */
  list: string;
  actions: CaseAction[];
}

/** The page on one side, the values found on it on the other: each is seen, corrected if need be, and confirmed. */
export function Check({ type, item, pages, record, list, actions }: Props) {
  const text = useText();
  const { t, pick } = text;
  const { message } = App.useApp();
  const client = useQueryClient();
  const sure = pages.sure ?? 100;
  const found = useMemo(() => foundOf(item, placesOf(type)), [item, type]);
  const before = item.fields[list];
  const [checked, setChecked] = useState(() => beginning(found, sure, Array.isArray(before) ? (before as Record<string, unknown>[]) : []));
  const [page, setPage] = useState(1);
  const [chosen, setChosen] = useState<string>();
  const [marking, setMarking] = useState<string>();
  useEffect(() => {
    if (!marking) return;
    const cancel = (event: KeyboardEvent) => event.key === "Escape" && setMarking(undefined);
    window.addEventListener("keydown", cancel);
    return () => window.removeEventListener("keydown", cancel);
  }, [marking]);
  const act = useMutation({
    mutationFn: (action: CaseAction) =>
      post<Item>(`${itemPath(type.kind, type.name, item.id)}/${encodeURIComponent(action.name)}`, { rev: item.rev, fields: { [list]: sent(checked) } }),
    onSuccess: (next, action) => {
      client.setQueryData(keys.item(type.kind, type.name, item.id), next);
      void client.invalidateQueries({ predicate: (query) => query.queryKey[1] === type.name || query.queryKey[0] === "inbox" });
      message.success(t.case.done(pick(action.title)));
    },
  });
  const errors = errorsOf(act.error, list);
  const fieldOf = (name: string) => record.fields.find((field) => field.name === name);
  const title = (name: string) => pick(fieldOf(name)?.title) || name;
  const change = (name: string, by: Partial<Checked>) => setChecked((now) => ({ ...now, [name]: { value: "", confirmed: false, ...now[name], ...by } }));
  const choose = (name: string) => {
    setChosen(name);
    const at = checked[name]?.place;
    if (at) setPage(at.page);
  };
  const mark = (name: string, place: Place | undefined) => {
    if (place) change(name, { place });
    setMarking(undefined);
  };
  const left = found.filter((one) => !checked[one.field]?.confirmed).length;
  const boxes = found.flatMap((one) => {
    const place = checked[one.field]?.place;
    return place ? [{ field: one.field, title: title(one.field), place, doubtful: !checked[one.field]?.confirmed }] : [];
  });
  return (
    <div className="cs-check">
      <PageView
        pages={pages.items}
        page={page}
        turnTo={setPage}
        boxes={boxes}
        chosen={chosen}
        choose={(name) => {
          choose(name);
          document.getElementById(inputId(name))?.focus();
        }}
        marking={marking ? { title: title(marking), done: (place) => mark(marking, place) } : undefined}
      />
      <div>
        <p className="cs-muted">{t.archive.help}</p>
        <ul className="cs-check-list">
          {found.map((one, i) => (
            <Row
              key={one.field}
              found={one}
              field={fieldOf(one.field)}
              title={title(one.field)}
              checked={checked[one.field] ?? { value: "", confirmed: false }}
              sure={isSure(one, sure)}
              chosen={chosen === one.field}
              errors={errors.get(one.field)}
              change={(by) => change(one.field, by)}
              focused={() => choose(one.field)}
              mark={() => setMarking(one.field)}
              wholePage={() => change(one.field, { place: { page, x: 0, y: 0, width: 1, height: 1 } })}
              next={() => document.getElementById(inputId(found[i + 1]?.field ?? ""))?.focus()}
            />
          ))}
        </ul>
        <p role="status">{left > 0 ? t.archive.left(left) : t.archive.ready}</p>
        {act.error ? <Alert type="error" showIcon role="alert" className="cs-form-alert" title={problemText(act.error, text)} /> : null}
        <div className="cs-actions">
          {actions.map((action) => (
            <Button
              key={action.name}
              size="large"
              type={action.style === "primary" ? "primary" : "default"}
              disabled={left > 0}
              loading={act.isPending && act.variables.name === action.name}
              onClick={() => act.mutate(action)}
            >
              {pick(action.title)}
            </Button>
          ))}
        </div>
      </div>
    </div>
  );
}

const inputId = (name: string) => `cs-check-${name}`;

interface RowProps {
  found: Found;
  field?: Field;
  title: string;
  checked: Checked;
  sure: boolean;
  chosen: boolean;
  errors?: Label[];
  change: (by: Partial<Checked>) => void;
  focused: () => void;
  mark: () => void;
  wholePage: () => void;
  next: () => void;
}

function Row({ found, field, title, checked, sure, chosen, errors, change, focused, mark, wholePage, next }: RowProps) {
  const { t, pick } = useText();
  const id = inputId(found.field);
  const changed = checked.value !== found.value;
  const confirm = () => {
    change({ confirmed: true });
    next();
  };
  return (
    <li className={chosen ? "cs-check-row cs-check-chosen" : "cs-check-row"}>
      <div className="cs-check-head">
        <label htmlFor={id}>{title}</label>
        <State found={found} sure={sure} checked={checked} changed={changed} />
      </div>
      <div className="cs-check-input">
        {field?.choices ? (
          <Select
            id={id}
            allowClear
            value={checked.value || undefined}
            options={field.choices.map((choice) => ({ value: choice.value, label: pick(choice.title) }))}
            onFocus={focused}
            onChange={(value?: string) => change({ value: value ?? "", confirmed: false })}
          />
        ) : (
          <Input
            id={id}
            value={checked.value}
            status={errors ? "error" : undefined}
            onFocus={focused}
            onChange={(event) => change({ value: event.target.value, confirmed: false })}
            onPressEnter={confirm}
          />
        )}
        <Checkbox aria-label={t.archive.confirm(title)} checked={checked.confirmed} onChange={(event) => change({ confirmed: event.target.checked })}>
          {t.archive.confirmShort}
        </Checkbox>
      </div>
      <div className="cs-check-notes">
        {found.raw && found.raw !== found.value ? <span>{`${t.archive.asRead}: ${found.raw}`}</span> : null}
        {found.why.zh ? <span className="cs-check-why">{pick(found.why)}</span> : null}
        {errors?.map((error) => (
          <span key={error.zh} role="alert" className="cs-check-error">
            {pick(error)}
          </span>
        ))}
        <span className="cs-muted">{checked.place ? t.archive.placed(checked.place.page) : t.archive.unplaced}</span>
        <Button size="small" onClick={mark}>
          {t.archive.mark}
        </Button>
        {checked.place ? null : (
          <Button size="small" onClick={wholePage}>
            {t.archive.wholePage}
          </Button>
        )}
      </div>
    </li>
  );
}

/** How sure the value is, in words and colour. */
function State({ found, sure, checked, changed }: { found: Found; sure: boolean; checked: Checked; changed: boolean }) {
  const { t } = useText();
  if (changed) return <span className="cs-check-state cs-check-state-changed">{t.archive.changed}</span>;
  if (sure) return <span className="cs-check-state cs-check-state-sure">{t.archive.sure(found.confidence)}</span>;
  if (checked.confirmed) return <span className="cs-check-state cs-check-state-sure">{t.archive.confirmed}</span>;
  return <span className="cs-check-state cs-check-state-doubtful">{found.value ? t.archive.doubtful(found.confidence) : t.archive.missing}</span>;
}

/** What the server says of single fields. */
function errorsOf(error: unknown, list: string): Map<string, Label[]> {
  const out = new Map<string, Label[]>();
  if (!(error instanceof Problem)) return out;
  for (const one of error.errors) {
    const name = one.path.startsWith(`fields.${list}.`) ? one.path.slice(`fields.${list}.`.length) : "";
    if (name) out.set(name, [...(out.get(name) ?? []), one.message]);
  }
  return out;
}
