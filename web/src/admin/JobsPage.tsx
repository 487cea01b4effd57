import { App, Button, Progress } from "antd";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { post } from "../api/client";
import type { Job, JobState, Jobs } from "../api/types";
import { DataTable } from "../kit/DataTable";
import { Page } from "../kit/Page";
import { problemText } from "../kit/problemText";
import { Empty, Loaded } from "../kit/states";
import { formatTime } from "../kit/time";
import { useListParams } from "../list/useListParams";
import { useText, wordFor } from "../text";
import { useAdmin } from "./useAdmin";
import "../list/list.css";

const refresh = 5000;
const states: JobState[] = ["running", "waiting", "scheduled", "dead", "done", "cancelled"];

/** Work in the background: how far it is, what failed and why, with the means to stop it or to try again. */
export function JobsPage() {
  const { t } = useText();
  const [params, change] = useListParams();
  const jobs = useAdmin<Jobs>("jobs", { state: params.state ?? "" }, refresh);
  const totals = jobs.data?.totals;
  return (
    <Page title={t.admin.jobs}>
      <div role="group" aria-label={t.admin.jobState} className="cs-list-bar">
        <div className="cs-row">
          {states.map((state) => (
            <Button
              key={state}
              aria-pressed={params.state === state}
              type={params.state === state ? "primary" : "default"}
              onClick={() => change({ state: params.state === state ? "" : state })}
            >
              {`${t.admin.jobStates[state]} ${totals?.[state] ?? ""}`}
            </Button>
          ))}
        </div>
      </div>
      <Loaded query={jobs} rows={8}>
        {({ items }) => (items.length === 0 ? <Empty title={t.admin.jobsEmpty} help={t.admin.jobsHelp} /> : <Rows jobs={items} />)}
      </Loaded>
    </Page>
  );
}

function Rows({ jobs }: { jobs: Job[] }) {
  const { t } = useText();
  return (
    <DataTable
      caption={t.admin.jobs}
      rows={jobs}
      rowKey={(job) => job.id}
      columns={[
        { key: "kind", title: t.admin.jobKind, header: true, render: (job) => job.kind },
        { key: "state", title: t.admin.jobState, render: (job) => wordFor(t.admin.jobStates, job.state) },
        {
          key: "attempt",
          title: t.admin.jobAttempt,
          numeric: true,
          render: (job) => (job.max_attempts ? `${job.attempt ?? 0} / ${job.max_attempts}` : job.attempt),
        },
        { key: "run", title: t.admin.jobRun, render: (job) => formatTime(job.run_at) },
        {
          key: "progress",
          title: t.admin.jobProgress,
          render: (job) =>
            job.progress === undefined ? null : <Progress percent={Math.round(job.progress * 100)} size="small" aria-label={job.kind} />,
        },
        { key: "error", title: t.admin.jobError, render: (job) => job.error },
        { key: "act", title: t.admin.actions, render: (job) => <Control job={job} /> },
      ]}
    />
  );
}

function Control({ job }: { job: Job }) {
  const text = useText();
  const { t } = text;
  const { modal, message } = App.useApp();
  const client = useQueryClient();
  const control = useMutation({
    mutationFn: (what: "retry" | "cancel") => post<unknown>(`/api/admin/jobs/${encodeURIComponent(job.id)}/${what}`),
    onSuccess: () => {
      message.success(t.admin.jobDone);
      void client.invalidateQueries({ queryKey: ["admin", "jobs"] });
    },
    onError: (error) => void message.error(problemText(error, text)),
  });
  const askStop = () =>
    modal.confirm({
      title: t.admin.jobCancelTitle,
      content: t.admin.jobCancelHelp,
      okText: t.admin.jobCancel,
      cancelText: t.common.cancel,
      okButtonProps: { danger: true },
      onOk: () => control.mutateAsync("cancel").catch(() => undefined), // told by onError
    });
  if (job.state === "dead" || job.state === "cancelled")
    return (
      <Button
        size="small"
        loading={control.isPending}
        onClick={() => control.mutate("retry")}
        aria-label={`${t.admin.jobRetry} ${job.kind}`}
      >
        {t.admin.jobRetry}
      </Button>
    );
  if (job.state === "waiting" || job.state === "running" || job.state === "scheduled")
    return (
      <Button size="small" danger loading={control.isPending} onClick={askStop} aria-label={`${t.admin.jobCancel} ${job.kind}`}>
        {t.admin.jobCancel}
      </Button>
    );
  return null;
}
