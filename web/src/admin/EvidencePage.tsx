import { useQuery } from "@tanstack/react-query";
import { get } from "../api/client";
import { keys } from "../api/keys";
import type { LogStatus } from "../api/types";
import { formatNumber } from "../kit/format";
import { Page, Section } from "../kit/Page";
import { Loaded } from "../kit/states";
import { formatTime } from "../kit/time";
import { useText } from "../text";
import { Alarms } from "./Alarms";
import { Monitor } from "./Monitor";
import "../detail/detail.css";
import "./admin.css";

const refresh = 10_000;

/** The state of the evidence log, and this browser's own watch over it. */
export function EvidencePage() {
  const { t } = useText();
  const status = useQuery({
    queryKey: keys.evidence,
    queryFn: ({ signal }) => get<LogStatus>("/api/evidence", signal),
    refetchInterval: refresh,
  });
  return (
    <Page title={t.admin.evidence} lead={t.evidence.export}>
      <Loaded query={status} rows={8}>
        {(found) => (
          <>
            <Alarms refresh={refresh} />
            <Status status={found} />
            <Monitor status={found} />
            <Section title={t.evidence.checkpoint}>
              <pre className="cs-pre" tabIndex={0} aria-label={t.evidence.checkpoint}>
                {found.checkpoint || t.common.none}
              </pre>
            </Section>
            <Keys keysText={found.keys ?? []} />
          </>
        )}
      </Loaded>
    </Page>
  );
}

function Status({ status }: { status: LogStatus }) {
  const { t } = useText();
  const { last_check: check } = status;
  return (
    <Section title={t.admin.evidence}>
      <dl className="cs-facts">
        <div>
          <dt>{t.evidence.size}</dt>
          <dd>
            <strong className="cs-number">{formatNumber(status.size)}</strong> {t.evidence.entries}
          </dd>
        </div>
        <div>
          <dt>{t.evidence.unsealed}</dt>
          <dd>
            <strong className="cs-number">{formatNumber(status.unsealed ?? 0)}</strong> {t.evidence.entries}
          </dd>
        </div>
        <div>
          <dt>{t.evidence.lastCheck}</dt>
          <dd>
            {check
              ? `${formatTime(check.at)} ${check.ok ? t.evidence.checkOk(formatNumber(check.checked)) : t.evidence.checkBad(formatNumber(check.checked))}`
              : t.evidence.never}
          </dd>
        </div>
        <div className="cs-wide">
          <dt>{t.evidence.root}</dt>
          <dd className="cs-mono">{status.root || t.common.none}</dd>
        </div>
      </dl>
    </Section>
  );
}

function Keys({ keysText }: { keysText: string[] }) {
  const { t } = useText();
  return (
    <Section title={t.evidence.keys}>
      <p className="cs-muted">{t.evidence.keysHelp}</p>
      {keysText.map((key) => (
        <pre key={key} className="cs-pre" tabIndex={0} aria-label={t.evidence.keys}>
          {key}
        </pre>
      ))}
    </Section>
  );
}
