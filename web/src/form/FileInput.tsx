import { CameraOutlined, CloseOutlined, FileOutlined, UploadOutlined } from "@ant-design/icons";
import { Progress } from "antd";
import { useEffect, useRef, useState } from "react";
import { upload } from "../api/client";
import type { Upload } from "../api/client";
import { Problem, cancelled } from "../api/problem";
import type { Field, Item, StoredFile } from "../api/types";
import { fileHref, formatSize, isImage } from "../kit/format";
import { problemText } from "../kit/problemText";
import { useText } from "../text";
import { fileFault, maxBytes } from "./files";

interface Props {
  id: string;
  field: Field;
  files: StoredFile[];
  change: (files: StoredFile[]) => void;
  pending: (pending: boolean) => void;
  /** Through which files that are stored already can be read. */
  item?: Item;
}

interface Sending {
  key: number;
  name: string;
  share: number;
  upload: Upload;
}

let uploads = 0;

/** Sends files as soon as they are chosen, showing how far each has got; the form takes what the server returned. */
export function FileInput({ id, field, files, change, pending, item }: Props) {
  const text = useText();
  const { t } = text;
  const [sending, setSending] = useState<Sending[]>([]);
  const [faults, setFaults] = useState<string[]>([]);
  const [said, setSaid] = useState("");
  const previews = usePreviews();
  const latest = useRef(files);
  useEffect(() => {
    latest.current = files;
  }, [files]);
  useEffect(() => pending(sending.length > 0), [sending.length, pending]);

  const start = (file: File) => {
    const key = ++uploads;
    const progress = (share: number) => setSending((old) => old.map((one) => (one.key === key ? { ...one, share } : one)));
    const started = upload(file, progress);
    setSending((old) => [...old, { key, name: file.name, share: 0, upload: started }]);
    started.done
      .then((stored) => {
        previews.keep(stored.id, file);
        const next = field.many ? [...latest.current.filter((one) => one.id !== stored.id), stored] : [stored];
        latest.current = next;
        change(next);
        setSaid(t.file.sent(stored.name));
      })
      .catch((error: unknown) => {
        if (!(error instanceof Problem && error.code === cancelled))
          setFaults((old) => [...old, `${file.name}: ${problemText(error, text)}`]);
      })
      .finally(() => setSending((old) => old.filter((one) => one.key !== key)));
  };

  const choose = (list: FileList | null) => {
    const chosen = [...(list ?? [])].slice(0, field.many ? undefined : 1);
    const found = chosen.map((file) => fileFault(file, field, t));
    setFaults(found.filter((fault) => fault !== undefined));
    chosen.filter((_, index) => found[index] === undefined).forEach(start);
  };

  const wantsPhoto = field.accept?.some((media) => media.startsWith("image/")) ?? false;
  return (
    <div className="cs-file-input">
      <Stored
        files={files}
        field={field}
        item={item}
        preview={previews.of}
        remove={(file) => change(files.filter((one) => one.id !== file.id))}
      />
      {sending.map((one) => (
        <div key={one.key} className="cs-sending">
          <span>{t.file.sending(one.name, Math.round(one.share * 100))}</span>
          <Progress percent={Math.round(one.share * 100)} showInfo={false} aria-label={one.name} />
          <button type="button" className="cs-icon-button" aria-label={t.file.stop(one.name)} onClick={one.upload.cancel}>
            <CloseOutlined aria-hidden />
          </button>
        </div>
      ))}
      <span role="status" className="cs-unseen">
        {said}
      </span>
      {faults.length > 0 ? (
        <ul role="alert" className="cs-error">
          {faults.map((fault) => (
            <li key={fault}>{fault}</li>
          ))}
        </ul>
      ) : null}
      <label className="cs-button cs-file-button">
        {wantsPhoto ? <CameraOutlined aria-hidden /> : <UploadOutlined aria-hidden />} {wantsPhoto ? t.file.addPhoto : t.file.add}
        <input
          id={id}
          type="file"
          className="cs-unseen"
          multiple={field.many}
          accept={field.accept?.join(",")}
          onChange={(event) => {
            choose(event.target.files);
            event.target.value = ""; // the same file may be chosen again after it was removed
          }}
        />
      </label>
      <span className="cs-muted cs-file-limit">{t.file.limit(formatSize(maxBytes(field)))}</span>
    </div>
  );
}

/** Pictures just sent are shown from this browser: the record that would permit reading them does not exist yet. */
function usePreviews() {
  const [urls] = useState(() => new Map<string, string>());
  useEffect(
    () => () => {
      for (const url of urls.values()) URL.revokeObjectURL(url);
      urls.clear();
    },
    [urls],
  );
  return {
    of: (id: string) => urls.get(id),
    keep: (id: string, file: File) => {
      if (file.type.startsWith("image/") && !urls.has(id)) urls.set(id, URL.createObjectURL(file));
    },
  };
}

function Stored({
  files,
  item,
  preview,
  remove,
}: {
  files: StoredFile[];
  field: Field;
  item?: Item;
  preview: (id: string) => string | undefined;
  remove: (file: StoredFile) => void;
}) {
  const { t } = useText();
  if (files.length === 0) return null;
  const source = (file: StoredFile) => preview(file.id) ?? (item ? fileHref(file, item.type, item.id) : undefined);
  return (
    <ul className="cs-chosen">
      {files.map((file) => (
        <li key={file.id}>
          {isImage(file) && source(file) ? <img src={source(file)} alt={t.field.photo(file.name)} /> : <FileOutlined aria-hidden />}
          <span className="cs-chosen-name">
            {file.name} <span className="cs-muted">{formatSize(file.size)}</span>
          </span>
          <button type="button" className="cs-icon-button" aria-label={t.file.remove(file.name)} onClick={() => remove(file)}>
            <CloseOutlined aria-hidden />
          </button>
        </li>
      ))}
    </ul>
  );
}
