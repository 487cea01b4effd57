import { CheckCircleFilled } from "@ant-design/icons";
import { Alert, Button, Segmented } from "antd";
import { useMemo, useState } from "react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useRouterState, useSearch } from "@tanstack/react-router";
import { post } from "../api/client";
import { itemsPath, splitValues } from "../api/query";
import type { Action, Fields, Item, Type } from "../api/types";
import { problemText } from "../kit/problemText";
import { Empty } from "../kit/states";
import { useSession } from "../session/session";
import { itemHref, useFace } from "../shell/paths";
import { useText } from "../text";
import { allEntries, entriesOf, startActions } from "../types/declared";
import type { Entry } from "../types/declared";
import { FormFields } from "./FormFields";
import { useFormState } from "./useFormState";
import { useLeaveGuard } from "./useLeaveGuard";

/** A new record, or a new case by one of its start actions. */
export function NewForm({ type, action: wanted }: { type: Type; action?: string }) {
  const { t, pick } = useText();
  const starts = startActions(type).filter((one) => wanted === undefined || one.name === wanted);
  const [chosen, setChosen] = useState(starts[0]?.name);
  const [made, setMade] = useState<Item>();
  const [round, setRound] = useState(0);
  const action = starts.find((one) => one.name === chosen);
  if (type.kind === "case" && action === undefined) return <Empty title={t.form.noAction} />;
  if (made?.case)
    return (
      <Made
        item={made}
        again={() => {
          setMade(undefined);
          setRound(round + 1);
        }}
      />
    );
  return (
    <>
      <SignInFirst type={type} />
      {starts.length > 1 ? (
        <Segmented
          className="cs-form-alert"
          aria-label={t.form.chooseStart}
          value={chosen}
          onChange={setChosen}
          options={starts.map((one) => ({ value: one.name, label: pick(one.title) }))}
        />
      ) : null}
      <Fill key={`${chosen}-${round}`} type={type} action={action} done={setMade} />
    </>
  );
}

/** Told before the form is filled in, not after. */
function SignInFirst({ type }: { type: Type }) {
  const { t } = useText();
  const session = useSession();
  const here = useRouterState({ select: (state) => state.location.href });
  if (session.data?.person !== null || type.may?.create === true) return null;
  return (
    <Alert
      type="info"
      showIcon
      className="cs-form-alert"
      title={t.form.signInFirst}
      action={
        <Link to="/login" search={{ next: here }} className="cs-button">
          {t.header.signIn}
        </Link>
      }
    />
  );
}

function Fill({ type, action, done }: { type: Type; action?: Action; done: (item: Item) => void }) {
  const text = useText();
  const { t, pick } = text;
  const face = useFace();
  const navigate = useNavigate();
  const client = useQueryClient();
  const entries = useMemo(() => (action ? entriesOf(type, action.form, t.form.note) : allEntries(type)), [type, action, t]);
  const search: Record<string, string> = useSearch({ strict: false });
  const [given] = useState(() => givenFields(entries, search));
  const state = useFormState(entries, given);
  const send = useMutation({
    mutationFn: (body: Record<string, unknown>) => post<Item>(itemsPath(type.kind, type.name), body),
    onError: state.refuse,
  });
  const leave = useLeaveGuard(state.dirty && !send.isSuccess);

  const submit = () => {
    const collected = state.check();
    if (!collected) return;
    const body = {
      ...(action ? { action: action.name } : {}),
      fields: collected.fields,
      ...(collected.note === undefined ? {} : { note: collected.note }),
    };
    send.mutate(body, {
      onSuccess: (item) => {
        leave.allow();
        void client.invalidateQueries({ predicate: (query) => query.queryKey[1] === type.name || query.queryKey[0] === "inbox" });
        if (item.case) done(item);
        else void navigate({ to: itemHref(face, type.name, item.id) });
      },
    });
  };
  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <FormFields entries={entries} state={state} />
      {send.error && state.errors.size + state.rest.length === 0 ? (
        <Alert type="error" showIcon role="alert" className="cs-form-alert" title={problemText(send.error, text)} />
      ) : null}
      <div className="cs-form-end">
        <Button type="primary" size="large" htmlType="submit" loading={send.isPending}>
          {action ? pick(action.title) : t.common.save}
        </Button>
        {send.isPending ? <span role="status">{t.form.sending}</span> : null}
      </div>
    </form>
  );
}

/** Values that the address gives by the names of fields, such as the resource that is asked for. */
function givenFields(entries: Entry[], search: Record<string, string>): Fields {
  const given = entries.filter(({ name, field }) => search[name] !== undefined && !["file", "list", "point", "area"].includes(field.type));
  return Object.fromEntries(given.map(({ name, field }) => [name, field.many ? splitValues(search[name]) : search[name]]));
}

/** What a citizen wants to know after reporting: it was taken, under which number, and where to look. */
function Made({ item, again }: { item: Item; again: () => void }) {
  const { t, pick } = useText();
  const face = useFace();
  const session = useSession();
  return (
    <div className="cs-result" role="status">
      <CheckCircleFilled aria-hidden className="cs-result-icon" />
      <h2>{t.form.resultTitle}</h2>
      <p className="cs-muted">{t.form.resultNumber}</p>
      <p className="cs-result-number">{item.case?.number}</p>
      <p>
        {pick(item.case?.state_title)} {t.form.resultHelp}
      </p>
      <div className="cs-row cs-centre">
        {session.data?.person ? (
          <Link to={itemHref(face, item.type, item.id)} className="cs-button cs-button-primary">
            {t.form.resultOpen}
          </Link>
        ) : null}
        <Button onClick={again}>{t.form.resultAgain}</Button>
      </div>
    </div>
  );
}
