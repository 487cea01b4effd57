import { Checkbox, Input, Radio, Select } from "antd";
import { Suspense, lazy } from "react";
import type { Field, Item, StoredFile } from "../api/types";
import { isPoint } from "../kit/format";
import { Loading } from "../kit/states";
import { Choose } from "../kit/Choose";
import { useText } from "../text";
import { FieldPicker } from "./FieldPicker";
import { FileInput } from "./FileInput";
import { isButtons } from "./FormFields";
import { ListInput } from "./ListInput";
import { ReferenceSelect } from "./ReferenceSelect";
import type { Raw, RawRow } from "./values";
import type { Within } from "./within";

const AreaInput = lazy(async () => ({ default: (await import("./AreaInput")).AreaInput }));
const PointInput = lazy(async () => ({ default: (await import("./PointInput")).PointInput }));

export interface InputProps {
  id: string;
  field: Field;
  required: boolean;
  raw: Raw;
  change: (raw: Raw) => void;
  /** Told when files are on their way, and when they have arrived. */
  pending: (pending: boolean) => void;
  described?: string;
  invalid: boolean;
  /** The record or case whose value this is, when there is one already. */
  item?: Item;
  /** Of which resource the fields are that a reference to fields may name, and how far they are narrowed. */
  within?: Within;
}

/** The control for a field, by the field's type. */
export function FieldInput(props: InputProps) {
  const { t, pick } = useText();
  const { id, field, raw, change, item } = props;
  switch (field.type) {
    case "boolean":
      return (
        <Checkbox id={id} checked={raw === true} onChange={(event) => change(event.target.checked)}>
          {t.common.yes}
        </Checkbox>
      );
    case "choice":
      return <ChoiceInput {...props} />;
    case "reference":
      if (field.ref === "field") return <FieldPicker {...props} value={strings(raw)} />;
      return (
        <ReferenceSelect
          title={pick(field.title)}
          id={id}
          to={field.ref}
          unit={field.name === "assignee" ? (item?.case?.unit ?? undefined) : undefined}
          many={field.many}
          value={strings(raw)}
          labels={item?.labels?.[field.name]}
          described={props.described}
          invalid={props.invalid}
          required={props.required}
          onChange={(values) => change(field.many ? values : (values[0] ?? ""))}
        />
      );
    case "point":
      return (
        <Suspense fallback={<Loading rows={3} />}>
          <PointInput value={isPoint(raw as never) ? (raw as never) : undefined} change={change} />
        </Suspense>
      );
    case "area":
      return (
        <Suspense fallback={<Loading rows={3} />}>
          <AreaInput
            id={id}
            text={typeof raw === "string" ? raw : ""}
            change={change}
            described={props.described}
            invalid={props.invalid}
            required={props.required}
          />
        </Suspense>
      );
    case "file":
      return (
        <FileInput
          id={id}
          field={field}
          files={(Array.isArray(raw) ? raw : []) as StoredFile[]}
          change={change}
          pending={props.pending}
          item={item}
        />
      );
    case "list":
      return (
        <ListInput
          id={id}
          field={field}
          rows={(Array.isArray(raw) ? raw : []) as RawRow[]}
          change={change}
          pending={props.pending}
          item={item}
        />
      );
    case "integer":
      return isButtons(field) ? <ScaleInput {...props} /> : <TextInput {...props} />;
    default:
      return <TextInput {...props} />;
  }
}

function strings(raw: Raw): string[] {
  if (Array.isArray(raw)) return raw.filter((one): one is string => typeof one === "string");
  return typeof raw === "string" && raw !== "" ? [raw] : [];
}

function ChoiceInput({ id, field, raw, change, described, invalid, required }: InputProps) {
  const { t, pick } = useText();
  const options = (field.choices ?? []).map((choice) => ({ value: choice.value, label: pick(choice.title) }));
  if (isButtons(field))
    return (
      <Radio.Group
        id={id}
        className="cs-radios"
        options={options}
        value={raw === "" ? undefined : raw}
        onChange={(event) => change(event.target.value as string)}
      />
    );
  return (
    <Choose
      title={pick(field.title)}
      id={id}
      mode={field.many ? "multiple" : undefined}
      showSearch={{ optionFilterProp: "label" }}
      allowClear={!required}
      placeholder={t.form.choose}
      status={invalid ? "error" : undefined}
      aria-describedby={described}
      aria-required={required}
      aria-invalid={invalid}
      options={options}
      value={field.many ? strings(raw) : (strings(raw)[0] ?? null)}
      onChange={(value: string | string[] | null | undefined) => change(value ?? "")}
    />
  );
}

/** A short scale, such as a rating from 1 to 5. */
function ScaleInput({ id, field, raw, change }: InputProps) {
  const { min = 1, max = 5 } = field;
  const options = Array.from({ length: max - min + 1 }, (_, index) => String(min + index));
  return (
    <Radio.Group id={id} className="cs-radios" options={options} value={raw} onChange={(event) => change(event.target.value as string)} />
  );
}

const inputTypes: Partial<Record<Field["type"], string>> = { date: "date", time: "datetime-local" };

function TextInput({ id, field, raw, change, described, invalid, required }: InputProps) {
  const shared = {
    id,
    status: invalid ? ("error" as const) : undefined,
    "aria-describedby": described,
    "aria-required": required,
    "aria-invalid": invalid,
  };
  if (field.many)
    return (
      <Select
        {...shared}
        mode="tags"
        open={false}
        suffixIcon={null}
        tokenSeparators={[",", "，", ";", "；"]}
        value={strings(raw)}
        onChange={(values: string[]) => change(values)}
      />
    );
  const value = typeof raw === "string" ? raw : "";
  const onChange = (event: { target: { value: string } }) => change(event.target.value);
  if (field.multiline) return <Input.TextArea {...shared} autoSize={{ minRows: 3, maxRows: 12 }} value={value} onChange={onChange} />;
  const numeric = field.type === "integer" ? ("numeric" as const) : field.type === "decimal" ? ("decimal" as const) : undefined;
  const phone = field.mask === "phone";
  return (
    <Input
      {...shared}
      type={inputTypes[field.type] ?? (phone ? "tel" : "text")}
      autoComplete={phone ? "tel" : undefined}
      inputMode={numeric}
      suffix={field.unit}
      value={value}
      onChange={onChange}
      className={inputTypes[field.type] || numeric ? "cs-short" : undefined}
    />
  );
}
