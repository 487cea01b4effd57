import { Alert, App, Button, Input } from "antd";
import { useId, useState } from "react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { post } from "../api/client";
import { keys } from "../api/keys";
import { itemPath } from "../api/query";
import type { StoredFile, Type } from "../api/types";
import { FileInput } from "../form/FileInput";
import { problemText } from "../kit/problemText";
import { useText } from "../text";
import "../form/form.css";

const filesField = { name: "files", title: { zh: "", en: "" }, type: "file", many: true } as const;

/** A word on a case, with files where they help; it becomes part of the time line. */
export function CommentForm({ type, id }: { type: Type; id: string }) {
  const text = useText();
  const { t } = text;
  const { message } = App.useApp();
  const client = useQueryClient();
  const [words, setWords] = useState("");
  const [files, setFiles] = useState<StoredFile[]>([]);
  const [pending, setPending] = useState(false);
  const input = useId();
  const send = useMutation({
    mutationFn: () => post<unknown>(`${itemPath(type.kind, type.name, id)}/comments`, { text: words.trim(), files }),
    onSuccess: () => {
      setWords("");
      setFiles([]);
      message.success(t.case.commentSent);
      void client.invalidateQueries({ queryKey: keys.timeline(type.name, id) });
    },
  });
  return (
    <form
      className="cs-comment"
      onSubmit={(event) => {
        event.preventDefault();
        if (words.trim() !== "" && !pending) send.mutate();
      }}
    >
      <label htmlFor={input}>{t.case.comment}</label>
      <Input.TextArea
        id={input}
        autoSize={{ minRows: 2, maxRows: 8 }}
        maxLength={2000}
        value={words}
        onChange={(event) => setWords(event.target.value)}
      />
      <FileInput id={`${input}-files`} field={filesField} files={files} change={setFiles} pending={setPending} />
      {send.error ? <Alert type="error" showIcon role="alert" title={problemText(send.error, text)} /> : null}
      <div>
        <Button htmlType="submit" loading={send.isPending} disabled={words.trim() === "" || pending}>
          {t.case.commentSend}
        </Button>
      </div>
    </form>
  );
}
