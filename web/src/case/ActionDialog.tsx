import { Alert, App, Modal } from "antd";
import { useMemo } from "react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { post } from "../api/client";
import { keys } from "../api/keys";
import { Problem } from "../api/problem";
import { itemPath } from "../api/query";
import type { CaseAction, Fields, Item, Type } from "../api/types";
import { Conflict } from "../form/Conflict";
import { FormFields } from "../form/FormFields";
import { isStale, useBase } from "../form/conflict";
import { useFormState } from "../form/useFormState";
import { problemText } from "../kit/problemText";
import { Reasons } from "../kit/states";
import { useText } from "../text";
import { entriesOf } from "../types/declared";

interface Props {
  type: Type;
  /** The case as it was when the dialog was opened. */
  opened: Item;
  action: CaseAction;
  close: () => void;
}

/** Does one action on a case, with its form. Dangerous ones say so; a case that somebody else has moved meanwhile is explained. */
export function ActionDialog({ type, opened, action, close }: Props) {
  const text = useText();
  const { t, pick } = text;
  const { message } = App.useApp();
  const client = useQueryClient();
  const { base, rebase } = useBase(type, opened);
  const entries = useMemo(() => entriesOf(type, action.form, t.form.note), [type, action.form, t]);
  const state = useFormState(entries, clearFields(base));
  const act = useMutation({
    mutationFn: (body: Record<string, unknown>) =>
      post<Item>(`${itemPath(type.kind, type.name, base.id)}/${encodeURIComponent(action.name)}`, body),
    onError: state.refuse,
  });

  const submit = () => {
    const collected = state.check();
    if (!collected) return;
    const body = { rev: base.rev, fields: collected.fields, ...(collected.note === undefined ? {} : { note: collected.note }) };
    act.mutate(body, {
      onSuccess: (item) => {
        client.setQueryData(keys.item(type.kind, type.name, base.id), item);
        void client.invalidateQueries({
          predicate: (query) => query.queryKey[1] === type.name || ["inbox", "board"].includes(String(query.queryKey[0])),
        });
        message.success(t.case.done(pick(action.title)));
        close();
      },
    });
  };

  const danger = action.style === "danger";
  const stale = isStale(act.error);
  const placed = state.errors.size + state.rest.length > 0;
  return (
    <Modal
      open
      width={720}
      title={danger ? t.case.dangerTitle(pick(action.title)) : pick(action.title)}
      okText={pick(action.title)}
      cancelText={t.common.cancel}
      okButtonProps={{ danger, size: "large", disabled: stale }}
      cancelButtonProps={{ size: "large" }}
      confirmLoading={act.isPending}
      onOk={submit}
      onCancel={close}
      mask={{ closable: !state.dirty }}
    >
      {danger ? <p className="cs-muted">{t.case.dangerHelp}</p> : null}
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
      >
        <FormFields entries={entries} state={state} item={base} />
        <button type="submit" hidden />
      </form>
      {stale ? (
        <Conflict
          reload={async () => {
            state.rebase(clearFields(await rebase()));
            act.reset();
          }}
        />
      ) : null}
      {act.error && !stale && !placed ? <Refused error={act.error} /> : null}
    </Modal>
  );
}

/** What came masked must not be sent back as if it were the value. */
function clearFields(item: Item): Fields {
  return Object.fromEntries(Object.entries(item.fields).filter(([name]) => !item.masked?.includes(name)));
}

function Refused({ error }: { error: unknown }) {
  const text = useText();
  const words = error instanceof Problem && error.code === "wrong-state" ? text.t.problem.wrongState : problemText(error, text);
  return <Alert type="error" showIcon role="alert" className="cs-form-alert" title={words} description={<Reasons error={error} />} />;
}
