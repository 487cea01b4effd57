import { DeleteOutlined, PlusOutlined } from "@ant-design/icons";
import { Button } from "antd";
import type { Field, Item } from "../api/types";
import { useText } from "../text";
import { FieldInput } from "./FieldInput";
import { isButtons } from "./FormFields";
import { rawRow } from "./values";
import type { Raw, RawRow } from "./values";

interface Props {
  id: string;
  field: Field;
  rows: RawRow[];
  change: (raw: Raw) => void;
  pending: (pending: boolean) => void;
  item?: Item;
}

/** Rows of declared fields, each a small form of its own. */
export function ListInput({ id, field, rows, change, pending, item }: Props) {
  const { t } = useText();
  const inner = (field.fields ?? []).filter((one) => !one.computed);
  const setCell = (index: number, name: string, raw: Raw) => change(rows.map((row, at) => (at === index ? { ...row, [name]: raw } : row)));
  return (
    <div className="cs-rows">
      {rows.map((row, index) => (
        <fieldset key={index} className="cs-row-form">
          <legend>{t.form.itemTitle(index + 1)}</legend>
          {inner.map((one) => (
            <Cell
              key={one.name}
              id={`${id}-${index}-${one.name}`}
              field={one}
              raw={row[one.name]}
              change={(raw) => setCell(index, one.name, raw)}
              pending={pending}
              item={item}
            />
          ))}
          <Button danger icon={<DeleteOutlined aria-hidden />} onClick={() => change(rows.filter((_, at) => at !== index))}>
            {t.form.removeItem(index + 1)}
          </Button>
        </fieldset>
      ))}
      <Button id={id} icon={<PlusOutlined aria-hidden />} onClick={() => change([...rows, rawRow(inner, {})])}>
        {t.form.add}
      </Button>
    </div>
  );
}

function Cell({
  id,
  field,
  raw,
  change,
  pending,
  item,
}: {
  id: string;
  field: Field;
  raw: Raw;
  change: (raw: Raw) => void;
  pending: (pending: boolean) => void;
  item?: Item;
}) {
  const { pick } = useText();
  const control = (
    <FieldInput
      id={id}
      field={field}
      required={field.required ?? false}
      raw={raw}
      change={change}
      pending={pending}
      invalid={false}
      item={item}
    />
  );
  if (["point", "file", "list", "boolean"].includes(field.type) || isButtons(field))
    return (
      <fieldset className="cs-line">
        <legend>{pick(field.title)}</legend>
        {control}
      </fieldset>
    );
  return (
    <div className="cs-line">
      <label htmlFor={id}>{pick(field.title)}</label>
      {control}
    </div>
  );
}
