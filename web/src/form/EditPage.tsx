import { Alert, App, Button } from "antd";
import { useMemo } from "react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { patch } from "../api/client";
import { keys } from "../api/keys";
import { useItem, useType } from "../api/queries";
import { itemPath } from "../api/query";
import type { Fields, Item, Type } from "../api/types";
import { Page, Section } from "../kit/Page";
import { problemText } from "../kit/problemText";
import { Loaded } from "../kit/states";
import { itemHref, useFace } from "../shell/paths";
import { useText } from "../text";
import { allEntries, itemTitle } from "../types/declared";
import { Conflict } from "./Conflict";
import { FormFields } from "./FormFields";
import { isStale, useBase } from "./conflict";
import { useFormState } from "./useFormState";
import { useLeaveGuard } from "./useLeaveGuard";
import { changedFields } from "./values";

export function EditPage() {
  const { type: name } = useParams({ strict: false });
  const type = useType(name);
  return (
    <Loaded whole query={type}>
      {(declared) => <Edit type={declared} />}
    </Loaded>
  );
}

function Edit({ type }: { type: Type }) {
  const text = useText();
  const { id = "" } = useParams({ strict: false });
  const item = useItem(type, id);
  return (
    <Loaded whole query={item}>
      {(found) => (
        <Page narrow title={text.t.form.editTitle(itemTitle(found, type, text))}>
          <Section title={text.pick(type.title)}>
            <EditForm key={id} type={type} latest={found} />
          </Section>
        </Page>
      )}
    </Loaded>
  );
}

/**
 * Revises a record. The form keeps the revision it started from even when a hint brings a newer one, so that the server can tell that
 * somebody else was faster; then the user chooses to go on from the latest, with what they entered.
 */
function EditForm({ type, latest }: { type: Type; latest: Item }) {
  const text = useText();
  const { t } = text;
  const { message } = App.useApp();
  const face = useFace();
  const navigate = useNavigate();
  const client = useQueryClient();
  // What is masked cannot be revised: its true value never came here.
  const entries = useMemo(() => allEntries(type).filter((entry) => !latest.masked?.includes(entry.name)), [type, latest.masked]);
  const { base, rebase } = useBase(type, latest);
  const state = useFormState(entries, base.fields);
  const save = useMutation({
    mutationFn: (fields: Fields) => patch<Item>(itemPath(type.kind, type.name, base.id), { rev: base.rev, fields }),
    onError: state.refuse,
  });
  const leave = useLeaveGuard(state.dirty && !save.isSuccess);
  const back = () => {
    leave.allow();
    void navigate({ to: itemHref(face, type.name, base.id) });
  };

  const submit = () => {
    const collected = state.check();
    if (!collected) return;
    save.mutate(changedFields(collected.fields, base.fields), {
      onSuccess: (item) => {
        client.setQueryData(keys.item(type.kind, type.name, base.id), item);
        void client.invalidateQueries({ predicate: (query) => query.queryKey[1] === type.name });
        message.success(t.form.saved);
        back();
      },
    });
  };
  const stale = isStale(save.error);
  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <FormFields entries={entries} state={state} item={base} />
      {stale ? (
        <Conflict
          reload={async () => {
            state.rebase((await rebase()).fields);
            save.reset();
          }}
        />
      ) : null}
      {save.error && !stale && state.errors.size + state.rest.length === 0 ? (
        <Alert type="error" showIcon role="alert" className="cs-form-alert" title={problemText(save.error, text)} />
      ) : null}
      <div className="cs-form-end">
        <Button type="primary" size="large" htmlType="submit" loading={save.isPending}>
          {t.common.save}
        </Button>
        <Link to={itemHref(face, type.name, base.id)} className="cs-button">
          {t.common.cancel}
        </Link>
      </div>
    </form>
  );
}
