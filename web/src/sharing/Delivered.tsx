import { LockOutlined } from "@ant-design/icons";
import type { ReactNode } from "react";
import type { DeliveredRow, IssuedGrant } from "../api/sharing";
import type { Field, Type } from "../api/types";
import { FieldValue } from "../detail/FieldValue";
import type { Column } from "../kit/DataTable";
import { useText } from "../text";
import { fieldOf } from "../types/declared";

/** Fields that the grant shows in clear: only by these may rows be chosen, sorted and counted. */
export function clearFields(grant: IssuedGrant, type: Type, names: string[] | undefined): Field[] {
  return (names ?? [])
    .filter((name) => grant.fields.includes(name))
    .map((name) => fieldOf(type, name))
    .filter((field): field is Field => field !== undefined && (!field.personal || grant.unmask.includes(field.name)));
}

/** The columns of rows that a grant delivers. */
export function useDeliveredColumns(grant: IssuedGrant, type: Type): Column<DeliveredRow>[] {
  const { pick } = useText();
  return grant.fields.map((name, index) => {
    const field = fieldOf(type, name) ?? { name, title: { zh: name }, type: "text" as const };
    return {
      key: name,
      title: pick(field.title),
      header: index === 0,
      numeric: field.type === "integer" || field.type === "decimal",
      render: (row) => <Cell field={field} row={row} type={type} />,
    };
  });
}

/** One value, with the mark of what has been masked. What is referred to is given by its key. */
function Cell({ field, row, type }: { field: Field; row: DeliveredRow; type: Type }): ReactNode {
  const { t } = useText();
  const plain: Field = field.type === "reference" ? { ...field, type: "text" } : field;
  const value = <FieldValue field={plain} value={row.fields[field.name]} labels={row.labels?.[field.name]} holder={{ type: type.name, id: "" }} short />;
  if (!row.masked?.includes(field.name)) return value;
  return (
    <span className="cs-masked" title={t.field.maskedHelp}>
      {value} <LockOutlined aria-hidden />
      <span className="cs-unseen">{t.field.masked}</span>
    </span>
  );
}
