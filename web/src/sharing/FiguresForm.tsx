import { Button } from "antd";
import { useId, useState } from "react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { post } from "../api/client";
import type { Figure, IssuedGrant } from "../api/sharing";
import type { Field, GroupData, Label, Page, Type, Value } from "../api/types";
import { GroupWidget } from "../board/ChartWidgets";
import { FieldValue } from "../detail/FieldValue";
import { Choose } from "../kit/Choose";
import { DataTable } from "../kit/DataTable";
import { formatNumber } from "../kit/format";
import { Empty, Failure } from "../kit/states";
import { useText } from "../text";
import { fieldOf } from "../types/declared";
import { clearFields } from "./Delivered";
import { grantApi, used } from "./grants";

const measures = ["sum", "mean", "min", "max"] as const;
const countable = new Set<Field["type"]>(["text", "choice", "boolean", "reference", "date", "integer"]);

interface Asked {
  by: string;
  /** `sum:employees`; empty for rows only. */
  measure: string;
}

/** How many rows of the grant there are by the values of a field, with a measure of another: bars, and a table beside them. */
export function FiguresForm({ grant, type }: { grant: IssuedGrant; type: Type }) {
  const { t, pick } = useText();
  const ids = { by: useId(), measure: useId() };
  const client = useQueryClient();
  const fields = clearFields(grant, type, grant.fields);
  const groups = fields.filter((field) => countable.has(field.type) && !field.many);
  const numbers = fields.filter((field) => field.type === "integer" || field.type === "decimal");
  const [asked, setAsked] = useState<Asked>({ by: (groups.find(({ type: kind }) => kind === "choice") ?? groups[0])?.name ?? "", measure: "" });
  const count = useMutation({
    mutationFn: async (wanted: Asked) => {
      const [of = "", field = ""] = wanted.measure.split(":");
      const body = { by: [wanted.by], measures: wanted.measure ? [{ of, field }] : [] };
      return { wanted, figures: (await post<Page<Figure>>(`${grantApi(grant.id)}/query`, body)).items };
    },
    onSuccess: () => client.invalidateQueries(used),
  });
  if (groups.length === 0) return <p className="cs-muted">{t.sharing.noBy}</p>;
  return (
    <>
      <form
        noValidate
        className="cs-ask"
        onSubmit={(event) => {
          event.preventDefault();
          count.mutate(asked);
        }}
      >
        <div className="cs-line">
          <label htmlFor={ids.by}>{t.sharing.by}</label>
          <Choose<string>
            id={ids.by}
            title={t.sharing.by}
            value={asked.by}
            onChange={(by) => setAsked({ ...asked, by })}
            options={groups.map((field) => ({ value: field.name, label: pick(field.title) }))}
          />
        </div>
        <div className="cs-line">
          <label htmlFor={ids.measure}>{t.sharing.measure}</label>
          <Choose<string>
            id={ids.measure}
            title={t.sharing.measure}
            value={asked.measure}
            onChange={(measure) => setAsked({ ...asked, measure })}
            options={[
              { value: "", label: t.sharing.measureNone },
              ...numbers.flatMap((field) =>
                measures.map((of) => ({ value: `${of}:${field.name}`, label: t.sharing.measureOf(t.sharing.measures[of], pick(field.title)) })),
              ),
            ]}
          />
        </div>
        <div className="cs-ask-end">
          <Button type="primary" htmlType="submit" loading={count.isPending}>
            {t.sharing.count}
          </Button>
          <span className="cs-help">{t.sharing.figuresHelp}</span>
        </div>
      </form>
      {count.error ? <Failure error={count.error} /> : null}
      {count.data ? <Result type={type} asked={count.data.wanted} figures={count.data.figures} /> : null}
    </>
  );
}

function Result({ type, asked, figures }: { type: Type; asked: Asked; figures: Figure[] }) {
  const { t, pick } = useText();
  const field = fieldOf(type, asked.by);
  if (figures.length === 0 || field === undefined) return <Empty title={t.sharing.noRows} />;
  const [of = "", about = ""] = asked.measure.split(":");
  const measured = fieldOf(type, about);
  const measure = measures.find((one) => one === of);
  return (
    <div className="cs-picture">
      <div className="cs-picture-chart">
        <GroupWidget data={groupsOf(figures, field, t.sharing.otherMeasure)} title={t.sharing.figures} asTable={false} />
      </div>
      <DataTable
        compact
        caption={t.sharing.figures}
        rows={figures}
        rowKey={(_, index) => String(index)}
        columns={[
          {
            key: "by",
            title: pick(field.title),
            header: true,
            render: (figure) => pick(wordsOf(field, figure[field.name])) || t.sharing.otherMeasure,
          },
          { key: "rows", title: t.sharing.rowCount, numeric: true, render: ({ rows }) => formatNumber(rows) },
          ...(measured && measure
            ? [
                {
                  key: "measure",
                  title: t.sharing.measureOf(t.sharing.measures[measure], pick(measured.title)),
                  numeric: true,
                  render: (figure: Figure) => (
                    <FieldValue field={{ ...measured, type: "decimal" }} value={figure.measures[0]} holder={{ type: type.name, id: "" }} short />
                  ),
                },
              ]
            : []),
        ]}
      />
    </div>
  );
}

function groupsOf(figures: Figure[], field: Field, none: string): GroupData {
  return {
    rows: figures.map((figure, index) => ({
      key: String(index),
      title: figure[field.name] === null || figure[field.name] === undefined ? { zh: none, en: none } : wordsOf(field, figure[field.name]),
      value: figure.rows,
    })),
  };
}

function wordsOf(field: Field, value: Value | undefined): Label {
  if (value === null || value === undefined) return { zh: "" };
  return field.choices?.find((choice) => choice.value === value)?.title ?? { zh: String(value) };
}
