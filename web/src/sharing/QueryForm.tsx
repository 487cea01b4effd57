import { Button, Input } from "antd";
import { useId, useState } from "react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { post } from "../api/client";
import type { Condition, DeliveredPage, DeliveredRow, IssuedGrant } from "../api/sharing";
import type { Field, Type } from "../api/types";
import { ReferenceSelect } from "../form/ReferenceSelect";
import { Choose } from "../kit/Choose";
import { DataTable } from "../kit/DataTable";
import { formatNumber } from "../kit/format";
import { Empty, Failure } from "../kit/states";
import { fromTimeInput } from "../kit/time";
import { useText } from "../text";
import { clearFields, useDeliveredColumns } from "./Delivered";
import { grantApi, used } from "./grants";

/** What is set for one field: values to choose among, or the two ends of a range. */
type Chosen = { values: string[] } | { from: string; to: string };

interface Asked {
  where: Condition[];
  sort?: string;
}

/** Rows by conditions on the fields that the resource declares for it, page by page. */
export function QueryForm({ grant, type }: { grant: IssuedGrant; type: Type }) {
  const { t } = useText();
  const client = useQueryClient();
  const filters = clearFields(grant, type, type.filters);
  const [set, setSet] = useState<Record<string, Chosen>>({});
  const [sort, setSort] = useState("");
  const [rows, setRows] = useState<DeliveredRow[]>([]);
  const ask = useMutation({
    mutationFn: ({ where, sort: order, after }: Asked & { after: string }) =>
      post<DeliveredPage>(`${grantApi(grant.id)}/query`, { where, ...(order ? { sort: order } : {}), limit: 50, after, total: after === "" }),
    onSuccess: (page, { after }) => {
      setRows(after === "" ? page.items : [...rows, ...page.items]);
      return client.invalidateQueries(used);
    },
  });
  const asked: Asked = { where: filters.flatMap((field) => conditionOf(field, set[field.name])), sort };
  return (
    <>
      <form
        noValidate
        className="cs-ask"
        onSubmit={(event) => {
          event.preventDefault();
          ask.mutate({ ...asked, after: "" });
        }}
      >
        {filters.length === 0 ? <p className="cs-muted cs-ask-wide">{t.sharing.noFilters}</p> : null}
        {filters.map((field) => (
          <Filter key={field.name} field={field} value={set[field.name]} change={(value) => setSet({ ...set, [field.name]: value })} />
        ))}
        <Sorting fields={clearFields(grant, type, type.sorts)} value={sort} change={setSort} />
        <div className="cs-ask-end">
          <Button type="primary" htmlType="submit" loading={ask.isPending}>
            {t.sharing.look}
          </Button>
          <span className="cs-help">{t.sharing.counts}</span>
        </div>
      </form>
      {ask.error ? <Failure error={ask.error} /> : null}
      {ask.data ? (
        <Result
          grant={grant}
          type={type}
          rows={rows}
          total={ask.data.total}
          more={ask.data.next && !ask.isPending ? () => ask.mutate({ ...ask.variables, after: ask.data.next ?? "" }) : undefined}
        />
      ) : null}
    </>
  );
}

function conditionOf(field: Field, set: Chosen | undefined): Condition[] {
  if (set === undefined) return [];
  if ("values" in set) return set.values.length > 0 ? [{ field: field.name, in: set.values }] : [];
  const at = (text: string) => (field.type === "time" ? fromTimeInput(text) : text) || undefined;
  const [from, to] = [at(set.from), at(set.to)];
  return from || to ? [{ field: field.name, from, to }] : [];
}

const ranges: Partial<Record<Field["type"], string>> = { date: "date", time: "datetime-local", integer: "number", decimal: "number" };

function Filter({ field, value, change }: { field: Field; value: Chosen | undefined; change: (chosen: Chosen) => void }) {
  const { t, pick } = useText();
  const id = useId();
  const title = pick(field.title);
  const range = ranges[field.type];
  if (range) {
    const { from, to } = value && "from" in value ? value : { from: "", to: "" };
    return (
      <fieldset className="cs-line">
        <legend>{title}</legend>
        <div className="cs-range">
          <Input type={range} aria-label={`${title} ${t.sharing.from}`} value={from} onChange={(event) => change({ from: event.target.value, to })} />
          <span aria-hidden>–</span>
          <Input type={range} aria-label={`${title} ${t.sharing.to}`} value={to} onChange={(event) => change({ from, to: event.target.value })} />
        </div>
      </fieldset>
    );
  }
  const values = value && "values" in value ? value.values : [];
  return (
    <div className="cs-line">
      <label htmlFor={id}>{title}</label>
      {field.type === "reference" ? (
        <ReferenceSelect id={id} title={title} to={field.ref} many value={values} onChange={(chosen) => change({ values: chosen })} />
      ) : field.type === "choice" || field.type === "boolean" ? (
        <Choose<string[]>
          id={id}
          title={title}
          mode="multiple"
          showSearch={{ optionFilterProp: "label" }}
          placeholder={t.form.choose}
          options={
            field.type === "boolean"
              ? [
                  { value: "true", label: t.common.yes },
                  { value: "false", label: t.common.no },
                ]
              : (field.choices ?? []).map((choice) => ({ value: choice.value, label: pick(choice.title) }))
          }
          value={values}
          onChange={(chosen) => change({ values: chosen })}
        />
      ) : (
        <Input id={id} value={values[0] ?? ""} onChange={(event) => change({ values: event.target.value ? [event.target.value] : [] })} />
      )}
    </div>
  );
}

function Sorting({ fields, value, change }: { fields: Field[]; value: string; change: (sort: string) => void }) {
  const { t, pick } = useText();
  const id = useId();
  if (fields.length === 0) return null;
  return (
    <div className="cs-line">
      <label htmlFor={id}>{t.sharing.sort}</label>
      <Choose<string>
        id={id}
        title={t.sharing.sort}
        value={value}
        onChange={change}
        options={[
          { value: "", label: t.sharing.sortNone },
          ...fields.flatMap((field) => [
            { value: field.name, label: t.sharing.sortUp(pick(field.title)) },
            { value: `-${field.name}`, label: t.sharing.sortDown(pick(field.title)) },
          ]),
        ]}
      />
    </div>
  );
}

interface ResultProps {
  grant: IssuedGrant;
  type: Type;
  rows: DeliveredRow[];
  total?: number;
  more?: () => void;
}

function Result({ grant, type, rows, total, more }: ResultProps) {
  const { t } = useText();
  const columns = useDeliveredColumns(grant, type);
  if (rows.length === 0) return <Empty title={t.sharing.noRows} help={t.sharing.noRowsHelp} />;
  return (
    <>
      <p role="status" className="cs-ask-result">
        {total === undefined ? t.common.shown(rows.length) : t.sharing.total(formatNumber(total))}
      </p>
      <DataTable compact caption={t.sharing.result} rows={rows} rowKey={(_, index) => String(index)} columns={columns} />
      {more ? (
        <div className="cs-list-more">
          <Button onClick={more}>{`${t.common.more} (${t.common.shown(rows.length)})`}</Button>
        </div>
      ) : null}
    </>
  );
}
