import { FileOutlined, LockOutlined } from "@ant-design/icons";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { Field, Fields, Item, Label, StoredFile, Value } from "../api/types";
import { DataTable } from "../kit/DataTable";
import { fileHref, formatNumber, formatPoint, formatSize, isArea, isFile, isImage, isObject, isPoint, positions } from "../kit/format";
import { formatSpan } from "../kit/span";
import { formatDate, formatTime } from "../kit/time";
import { cataloguePath, itemHref, useFace } from "../shell/paths";
import { useText } from "../text";
import "./detail.css";

type Labels = Label | Label[] | undefined;

/** Whose value is shown: files are read through the record that holds them. */
export interface Holder {
  type: string;
  id: string;
}

/** One value as its declaration explains it. `short` is for table cells. */
export function FieldValue({
  field,
  value,
  labels,
  holder,
  short,
}: {
  field: Field;
  value: Value | undefined;
  labels?: Labels;
  holder: Holder;
  short?: boolean;
}) {
  const { t } = useText();
  if (value === undefined || value === null || value === "") return short ? null : <span className="cs-muted">{t.common.empty}</span>;
  if (field.type === "list" && Array.isArray(value))
    return short ? t.field.items(value.length) : <Entries field={field} rows={value} holder={holder} />;
  if (field.type === "file") return <Files files={(Array.isArray(value) ? value : [value]).filter(isFile)} holder={holder} short={short} />;
  if (!Array.isArray(value)) return <One field={field} value={value} label={Array.isArray(labels) ? labels[0] : labels} short={short} />;
  return (
    <span className="cs-values">
      {value.map((one, index) => (
        <span key={index} className="cs-value">
          <One field={field} value={one} label={Array.isArray(labels) ? labels[index] : undefined} short={short} />
        </span>
      ))}
    </span>
  );
}

function One({ field, value, label, short }: { field: Field; value: Value; label?: Label; short?: boolean }): ReactNode {
  const { t, pick } = useText();
  switch (field.type) {
    case "boolean":
      return value === true ? t.common.yes : t.common.no;
    case "choice":
      return pick(label) || pick(field.choices?.find((choice) => choice.value === value)?.title) || String(value);
    case "reference":
      return <Reference to={field.ref} id={String(value)} label={pick(label)} />;
    case "date":
      return formatDate(String(value));
    case "time":
      return <time dateTime={String(value)}>{formatTime(String(value))}</time>;
    case "integer":
    case "decimal":
      return (
        <span className="cs-number">{`${typeof value === "number" ? formatNumber(value) : String(value)}${field.unit ? ` ${field.unit}` : ""}`}</span>
      );
    case "point":
      return isPoint(value) ? <span className="cs-number">{formatPoint(value)}</span> : null;
    case "area":
      return isArea(value) ? t.field.areaParts(positions(value.coordinates)) : null;
    default:
      if (field.format === "span") return formatSpan(String(value), t.span);
      return <Words value={value} multiline={field.multiline === true && !short} short={short} />;
  }
}

const shortLength = 60;

function Words({ value, multiline, short }: { value: Value; multiline: boolean; short?: boolean }) {
  const { pick } = useText();
  const words =
    isObject(value) && typeof value.zh === "string"
      ? pick({ zh: value.zh, en: typeof value.en === "string" ? value.en : undefined })
      : String(value);
  if (short && words.length > shortLength) return <span title={words}>{`${words.slice(0, shortLength)}…`}</span>;
  return multiline ? <span className="cs-multiline">{words}</span> : words;
}

/** A link to the other record. Organisations have no page of their own. */
function Reference({ to, id, label }: { to?: string; id: string; label: string }) {
  const face = useFace();
  const words = label || id.slice(0, 8);
  if (to === undefined || ["org", "person", "field"].includes(to)) return words;
  if (to === "dataset" || to === "resource") return <Link to={cataloguePath(face, id)}>{words}</Link>;
  return <Link to={itemHref(face, to, id)}>{words}</Link>;
}

function Files({ files, holder, short }: { files: StoredFile[]; holder: Holder; short?: boolean }) {
  const { t } = useText();
  if (short) return t.field.files(files.length);
  return <FileList files={files} holder={holder} />;
}

/** Pictures as thumbnails that open in full, other files as links. */
export function FileList({ files, holder }: { files: StoredFile[]; holder: Holder }) {
  const { t } = useText();
  return (
    <ul className="cs-files">
      {files.map((file) => (
        <li key={file.id}>
          <a
            href={fileHref(file, holder.type, holder.id)}
            target="_blank"
            rel="noreferrer"
            className={isImage(file) ? "cs-photo" : "cs-file"}
          >
            {isImage(file) ? (
              <img src={fileHref(file, holder.type, holder.id)} alt={t.field.photo(file.name)} loading="lazy" />
            ) : (
              <>
                <FileOutlined aria-hidden /> {file.name} <span className="cs-muted">{formatSize(file.size)}</span>
              </>
            )}
          </a>
        </li>
      ))}
    </ul>
  );
}

function Entries({ field, rows, holder }: { field: Field; rows: Value[]; holder: Holder }) {
  const { pick } = useText();
  const inner = field.fields ?? [];
  const shown: Fields[] = rows.filter((row): row is { [name: string]: Value } => isObject(row));
  return (
    <DataTable
      compact
      caption={pick(field.title)}
      rows={shown}
      rowKey={(_, index) => String(index)}
      columns={inner.map((one, index) => ({
        key: one.name,
        title: pick(one.title),
        header: index === 0,
        numeric: one.type === "integer" || one.type === "decimal",
        render: (row: Fields) => <FieldValue field={one} value={row[one.name]} holder={holder} short />,
      }))}
    />
  );
}

/** The value with the mark of what has been masked at the source. */
export function MaskedValue({ item, field, short }: { item: Item; field: Field; short?: boolean }) {
  const { t } = useText();
  const value = (
    <FieldValue
      field={field}
      value={item.fields[field.name]}
      labels={item.labels?.[field.name]}
      holder={{ type: item.type, id: item.id }}
      short={short}
    />
  );
  if (!item.masked?.includes(field.name)) return value;
  return (
    <span className="cs-masked" title={t.field.maskedHelp}>
      {value} <LockOutlined aria-hidden />
      <span className="cs-unseen">{t.field.masked}</span>
    </span>
  );
}
