import { ClearOutlined, FilterOutlined, SearchOutlined } from "@ant-design/icons";
import { Button, Input } from "antd";
import { useEffect, useId, useState } from "react";
import type { ReactNode } from "react";
import { filtersIn, rangeOf, rangeText, splitValues } from "../api/query";
import type { ListParams } from "../api/query";
import type { Field, Type } from "../api/types";
import { ReferenceSelect } from "../form/ReferenceSelect";
import { Choose } from "../kit/Choose";
import { useText } from "../text";
import { fieldOf, isBuiltin, nameTitle } from "../types/declared";
import { lights } from "./columns";
import "./list.css";

interface Props {
  type: Type;
  filters: string[];
  params: ListParams;
  /** Called with the changed parameters; an empty value takes a parameter away. */
  change: (params: ListParams) => void;
}

/** One control for each declared filter, by the field's type; the list follows at once. */
export function FilterBar({ type, filters, params, change }: Props) {
  const text = useText();
  const { t } = text;
  const [open, setOpen] = useState(false); // on a phone the filters are folded away
  const set = filtersIn(params).length + (params.q ? 1 : 0);
  if (filters.length === 0 && !type.search && !type.sorts?.length) return null;
  const clear = () => change({ ...Object.fromEntries(filtersIn(params).map((name) => [name, ""])), q: "" });
  return (
    <form role="search" aria-label={t.list.filters} className="cs-filters" data-open={open} onSubmit={(event) => event.preventDefault()}>
      {type.search ? <Words value={params.q ?? ""} commit={(q) => change({ q })} /> : null}
      <button type="button" className="cs-button cs-filters-toggle" aria-expanded={open} onClick={() => setOpen(!open)}>
        <FilterOutlined aria-hidden /> {`${t.list.filters}${set > 0 ? ` (${set})` : ""}`}
      </button>
      {filters.map((name) => (
        <Filter
          key={name}
          type={type}
          name={name}
          title={nameTitle(type, name, text)}
          value={params[name] ?? ""}
          commit={(value) => change({ [name]: value })}
        />
      ))}
      {type.sorts?.length ? <Sort type={type} value={params.sort ?? ""} commit={(sort) => change({ sort })} /> : null}
      {set > 0 ? (
        <Button onClick={clear} icon={<ClearOutlined aria-hidden />} className="cs-filter-clear">
          {t.list.clear}
        </Button>
      ) : null}
    </form>
  );
}

function Labelled({ title, children, wide }: { title: string; wide?: boolean; children: (id: string) => ReactNode }) {
  const id = useId();
  return (
    <div className={wide ? "cs-filter cs-filter-wide" : "cs-filter"}>
      <label htmlFor={id}>{title}</label>
      {children(id)}
    </div>
  );
}

const typingPause = 350; // ms

/** Text that takes effect when typing pauses, or at once with Enter. */
function useTyped(value: string, commit: (value: string) => void) {
  const [typed, setTyped] = useState(value);
  const [seen, setSeen] = useState(value);
  if (seen !== value) {
    setSeen(value); // cleared or changed from outside
    setTyped(value);
  }
  useEffect(() => {
    if (typed === value) return;
    const timer = setTimeout(() => commit(typed), typingPause);
    return () => clearTimeout(timer);
  }, [typed, value, commit]);
  return [typed, setTyped] as const;
}

function Words({ value, commit }: { value: string; commit: (value: string) => void }) {
  const { t } = useText();
  const [typed, setTyped] = useTyped(value, commit);
  return (
    <Labelled title={t.list.searchLabel} wide>
      {(id) => (
        <Input
          id={id}
          type="search"
          prefix={<SearchOutlined aria-hidden />}
          placeholder={t.list.searchPlaceholder}
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
          onPressEnter={() => commit(typed)}
        />
      )}
    </Labelled>
  );
}

interface FilterProps {
  type: Type;
  name: string;
  title: string;
  value: string;
  commit: (value: string) => void;
}

function Filter({ type, name, title, value, commit }: FilterProps) {
  const { t, pick } = useText();
  if (isBuiltin(type, name)) {
    if (name === "state")
      return (
        <Choices
          title={title}
          value={value}
          commit={commit}
          options={(type.process?.states ?? []).map((state) => ({ value: state.name, label: pick(state.title) }))}
        />
      );
    if (name === "light")
      return (
        <Choices title={title} value={value} commit={commit} options={lights.map((light) => ({ value: light, label: t.clock[light] }))} />
      );
    if (name.endsWith("_at")) return <Range title={title} value={value} commit={commit} kind="date" />;
    if (name === "unit") return <Referenced title={title} to="org" value={value} commit={commit} />;
    if (name === "assignee") return <Referenced title={title} to="person" value={value} commit={commit} />;
    return <Plain title={title} value={value} commit={commit} />;
  }
  const field = fieldOf(type, name);
  return field ? <FieldFilter field={field} title={title} value={value} commit={commit} /> : null;
}

function FieldFilter({ field, title, value, commit }: { field: Field } & Omit<FilterProps, "type" | "name">) {
  const { t, pick } = useText();
  switch (field.type) {
    case "choice":
      return (
        <Choices
          title={title}
          value={value}
          commit={commit}
          options={(field.choices ?? []).map((choice) => ({ value: choice.value, label: pick(choice.title) }))}
        />
      );
    case "boolean":
      return (
        <Choices
          title={title}
          value={value}
          commit={commit}
          options={[
            { value: "true", label: t.common.yes },
            { value: "false", label: t.common.no },
          ]}
        />
      );
    case "date":
    case "time":
      return <Range title={title} value={value} commit={commit} kind="date" />;
    case "integer":
    case "decimal":
      return <Range title={title} value={value} commit={commit} kind="number" />;
    case "reference":
      return <Referenced title={title} to={field.ref} value={value} commit={commit} />;
    default:
      return <Plain title={title} value={value} commit={commit} />;
  }
}

interface Control {
  title: string;
  value: string;
  commit: (value: string) => void;
}

function Choices({ title, value, commit, options }: Control & { options: { value: string; label: string }[] }) {
  const { t } = useText();
  return (
    <Labelled title={title}>
      {(id) => (
        <Choose
          title={title}
          id={id}
          mode="multiple"
          allowClear
          maxTagCount="responsive"
          showSearch={{ optionFilterProp: "label" }}
          placeholder={t.list.any}
          value={splitValues(value)}
          options={options}
          onChange={(values: string[]) => commit(values.join(","))}
        />
      )}
    </Labelled>
  );
}

function Referenced({ title, to, value, commit }: Control & { to: string | undefined }) {
  return (
    <Labelled title={title}>
      {(id) => (
        <ReferenceSelect title={title} id={id} to={to} many value={splitValues(value)} onChange={(values) => commit(values.join(","))} />
      )}
    </Labelled>
  );
}

function Range({ title, value, commit, kind }: Control & { kind: "date" | "number" }) {
  const { t } = useText();
  const [from, to] = rangeOf(value);
  return (
    <div className="cs-filter cs-filter-range" role="group" aria-label={title}>
      <span className="cs-filter-label" aria-hidden>
        {title}
      </span>
      <span className="cs-filter-ends">
        <Input
          type={kind}
          aria-label={`${title} ${t.list.from}`}
          value={from}
          onChange={(event) => commit(rangeText(event.target.value, to))}
        />
        <span aria-hidden>–</span>
        <Input
          type={kind}
          aria-label={`${title} ${t.list.to}`}
          value={to}
          onChange={(event) => commit(rangeText(from, event.target.value))}
        />
      </span>
    </div>
  );
}

function Plain({ title, value, commit }: Control) {
  const { t } = useText();
  const [typed, setTyped] = useTyped(value, commit);
  return (
    <Labelled title={title}>
      {(id) => (
        <Input
          id={id}
          allowClear
          placeholder={t.list.any}
          prefix={<FilterOutlined aria-hidden />}
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
        />
      )}
    </Labelled>
  );
}

function Sort({ type, value, commit }: { type: Type; value: string; commit: (value: string) => void }) {
  const text = useText();
  const { t } = text;
  const options = (type.sorts ?? []).flatMap((name) => [
    { value: `-${name}`, label: t.list.descending(nameTitle(type, name, text)) },
    { value: name, label: t.list.ascending(nameTitle(type, name, text)) },
  ]);
  return (
    <Labelled title={t.list.sort}>
      {(id) => (
        <Choose
          title={t.list.sort}
          id={id}
          allowClear
          placeholder={t.list.sortDefault}
          value={value || undefined}
          options={options}
          onChange={(next: string | undefined) => commit(next ?? "")}
        />
      )}
    </Labelled>
  );
}
