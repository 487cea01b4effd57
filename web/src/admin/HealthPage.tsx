import { CheckCircleFilled, CloseCircleFilled } from "@ant-design/icons";
import { Alert } from "antd";
import type { Health } from "../api/types";
import { DataTable } from "../kit/DataTable";
import { formatNumber } from "../kit/format";
import { Page, Section } from "../kit/Page";
import { Empty, Loaded } from "../kit/states";
import { formatTime } from "../kit/time";
import { useText } from "../text";
import { Sources } from "./Sources";
import { useAdmin } from "./useAdmin";
import "../detail/detail.css";

const refresh = 10_000;

export function HealthPage() {
  const { t } = useText();
  const health = useAdmin<Health>("health", {}, refresh);
  return (
    <Page title={t.admin.health}>
      <Loaded query={health} rows={8}>
        {(found) => (
          <>
            <Alert
              className="cs-form-alert"
              type={found.ok ? "success" : "error"}
              showIcon
              title={found.ok ? t.admin.healthOk : t.admin.healthBad}
            />
            <Facts health={found} />
            <Checks health={found} />
            <Sources refresh={refresh} />
            <Figures health={found} />
          </>
        )}
      </Loaded>
    </Page>
  );
}

function Facts({ health }: { health: Health }) {
  const { t } = useText();
  const rows: [string, string | undefined][] = [
    [t.admin.version, health.version],
    [t.admin.started, formatTime(health.started_at)],
    [t.admin.now, formatTime(health.now)],
  ];
  return (
    <Section title={t.admin.health}>
      <dl className="cs-facts">
        {rows.map(([title, value]) => (
          <div key={title}>
            <dt>{title}</dt>
            <dd className="cs-number">{value || t.common.unknown}</dd>
          </div>
        ))}
      </dl>
    </Section>
  );
}

function Checks({ health }: { health: Health }) {
  const { t } = useText();
  if (!health.checks?.length) return <Empty title={t.admin.healthEmpty} />;
  return (
    <Section title={t.admin.check}>
      <DataTable
        caption={t.admin.check}
        rows={health.checks}
        rowKey={(check) => check.name}
        columns={[
          { key: "name", title: t.admin.check, header: true, render: (check) => check.name },
          { key: "ok", title: t.admin.result, render: (check) => <Result ok={check.ok} /> },
          { key: "detail", title: t.admin.detail, render: (check) => check.detail },
        ]}
      />
    </Section>
  );
}

function Result({ ok }: { ok: boolean }) {
  const { t } = useText();
  return (
    <span className={ok ? "cs-light cs-light-green" : "cs-light cs-light-red"}>
      {ok ? <CheckCircleFilled aria-hidden /> : <CloseCircleFilled aria-hidden />} {ok ? t.admin.passed : t.admin.failed}
    </span>
  );
}

function Figures({ health }: { health: Health }) {
  const { t } = useText();
  if (!health.figures?.length) return null;
  return (
    <Section title={t.admin.figure}>
      <DataTable
        compact
        caption={t.admin.figure}
        rows={health.figures}
        rowKey={(figure) => figure.name}
        columns={[
          { key: "name", title: t.admin.figure, header: true, render: (figure) => figure.name },
          { key: "value", title: t.admin.value, numeric: true, render: (figure) => `${formatNumber(figure.value)} ${figure.unit ?? ""}` },
        ]}
      />
    </Section>
  );
}
