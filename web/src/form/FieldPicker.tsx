import { Button, Checkbox } from "antd";
import { useType } from "../api/queries";
import type { Field, Type } from "../api/types";
import { Choose } from "../kit/Choose";
import { DataTable } from "../kit/DataTable";
import { Loaded } from "../kit/states";
import { useText, wordFor } from "../text";
import type { Text } from "../text";
import type { InputProps } from "./FieldInput";

type Props = InputProps & { value: string[] };

/** Chooses fields of the resource that the form names: several in a table that says what each is, one from a list. */
export function FieldPicker(props: Props) {
  const { t } = useText();
  const resource = props.within?.resource;
  const type = useType(resource || undefined);
  if (!resource) return <p className="cs-muted cs-tight">{t.sharing.resourceFirst}</p>;
  return (
    <Loaded query={type} rows={4}>
      {(declared) => (props.field.many ? <Several {...props} type={declared} /> : <OneOf {...props} type={declared} />)}
    </Loaded>
  );
}

function Several({ field, value, within, change, type }: Props & { type: Type }) {
  const text = useText();
  const { t, pick } = text;
  const chosen = within?.chosen;
  const offered = chosen ? type.fields.filter((one) => one.personal && chosen.includes(full(type, one))) : type.fields;
  if (offered.length === 0) return <p className="cs-muted cs-tight">{t.sharing.nonePersonal}</p>;
  const all = offered.every((one) => value.includes(full(type, one)));
  const toggle = (one: string, on: boolean) =>
    // in the order of the declaration, however they were chosen
    change(offered.map((other) => full(type, other)).filter((other) => (other === one ? on : value.includes(other))));
  return (
    <>
      <p className="cs-row cs-tight">
        <span role="status">{t.sharing.fieldsChosen(value.length, offered.length)}</span>
        <Button size="small" onClick={() => change(all ? [] : offered.map((one) => full(type, one)))}>
          {all ? t.sharing.noFields : t.sharing.allFields}
        </Button>
      </p>
      <DataTable
        compact
        caption={pick(field.title)}
        rows={offered}
        rowKey={(one) => one.name}
        columns={[
          {
            key: "title",
            title: t.catalogue.fieldName,
            header: true,
            render: (one) => (
              <Checkbox checked={value.includes(full(type, one))} onChange={(event) => toggle(full(type, one), event.target.checked)}>
                {pick(one.title)}
              </Checkbox>
            ),
          },
          { key: "type", title: t.catalogue.fieldType, render: (one) => wordFor(t.catalogue.types, one.format ?? one.type) },
          { key: "privacy", title: t.catalogue.fieldPrivacy, render: (one) => <Privacy field={one} text={text} /> },
          { key: "level", title: t.catalogue.level, render: (one) => wordFor(t.catalogue.levels, one.level ?? type.level) },
        ]}
      />
    </>
  );
}

function OneOf({ id, field, value, described, invalid, required, change, type }: Props & { type: Type }) {
  const { t, pick } = useText();
  return (
    <Choose<string>
      title={pick(field.title)}
      id={id}
      showSearch={{ optionFilterProp: "label" }}
      allowClear={!required}
      placeholder={t.form.choose}
      status={invalid ? "error" : undefined}
      aria-describedby={described}
      aria-required={required}
      aria-invalid={invalid}
      options={type.fields.map((one) => ({ value: full(type, one), label: pick(one.title) }))}
      value={value[0] ?? null}
      onChange={(next: string | null | undefined) => change(next ?? "")}
    />
  );
}

/** The name by which the whole catalogue knows a field. */
function full(type: Type, field: Field): string {
  return `${type.name}.${field.name}`;
}

function Privacy({ field, text: { t } }: { field: Field; text: Text }) {
  if (!field.personal) return null;
  return <span className="cs-mark">{field.sensitive ? t.field.sensitive : t.field.personal}</span>;
}
