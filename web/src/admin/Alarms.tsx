import { Alert, App, Button, Input } from "antd";
import { useId, useState } from "react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { post } from "../api/client";
import { keys } from "../api/keys";
import type { Alarm } from "../api/types";
import { problemText } from "../kit/problemText";
import { formatTime } from "../kit/time";
import { useText, wordFor } from "../text";
import type { Text } from "../text";
import { useAdmin } from "./useAdmin";
import "../form/form.css";

const what = "evidence/alarms";

/** What the server's own monitor has found wrong: the first thing to see, until somebody has said what came of looking into it. */
export function Alarms({ refresh }: { refresh: number }) {
  const text = useText();
  const { t } = text;
  const alarms = useAdmin<{ items: Alarm[] }>(what, {}, refresh);
  const all = alarms.data?.items ?? [];
  const open = all.filter((alarm) => alarm.acknowledged_at === undefined);
  const done = all.filter((alarm) => alarm.acknowledged_at !== undefined);
  return (
    <>
      {open.length > 0 ? (
        <Alert
          type="error"
          showIcon
          role="alert"
          className="cs-form-alert"
          title={t.evidence.alarms}
          description={
            <ul>
              {open.map((alarm) => (
                <li key={alarm.n}>
                  {words(alarm, text)}
                  <Acknowledge n={alarm.n} />
                </li>
              ))}
            </ul>
          }
        />
      ) : null}
      {done.length > 0 ? (
        <details className="cs-form-alert">
          <summary>{t.evidence.acknowledged(done.length)}</summary>
          <ul>
            {done.map((alarm) => (
              <li key={alarm.n}>
                {words(alarm, text)}
                <p className="cs-muted">{[day(alarm.acknowledged_at), alarm.acknowledged_by, alarm.note].filter(Boolean).join(" · ")}</p>
              </li>
            ))}
          </ul>
        </details>
      ) : null}
    </>
  );
}

/** The form in which one says what came of looking into an alarm. */
function Acknowledge({ n }: { n: number }) {
  const text = useText();
  const { t } = text;
  const { message } = App.useApp();
  const client = useQueryClient();
  const [note, setNote] = useState("");
  const input = useId();
  const send = useMutation({
    mutationFn: () => post<unknown>(`/api/admin/${what}/${n}/acknowledge`, { note: note.trim() }),
    onSuccess: () => {
      message.success(t.evidence.acknowledgedNow);
      void client.invalidateQueries({ queryKey: keys.admin(what) });
    },
  });
  return (
    <form
      className="cs-comment"
      onSubmit={(event) => {
        event.preventDefault();
        if (note.trim() !== "") send.mutate();
      }}
    >
      <label htmlFor={input}>{t.evidence.outcome}</label>
      <Input.TextArea
        id={input}
        autoSize={{ minRows: 1, maxRows: 6 }}
        maxLength={1000}
        value={note}
        onChange={(event) => setNote(event.target.value)}
      />
      {send.error ? <Alert type="error" showIcon role="alert" title={problemText(send.error, text)} /> : null}
      <div>
        <Button htmlType="submit" loading={send.isPending} disabled={note.trim() === ""}>
          {t.evidence.acknowledge}
        </Button>
      </div>
    </form>
  );
}

function day(ms: number | undefined): string {
  return ms === undefined ? "" : formatTime(new Date(ms).toISOString());
}

function words({ kind, seq, detail, at }: Alarm, { t }: Text): string {
  const leaf = seq === undefined || seq < 0 ? "" : t.evidence.alarmLeaf(seq);
  return [day(at), wordFor(t.evidence.alarmKinds, kind), leaf, detail].filter(Boolean).join(" · ");
}
