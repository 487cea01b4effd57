import { CheckCircleFilled, CloseCircleFilled, InfoCircleOutlined } from "@ant-design/icons";
import { Button } from "antd";
import { useMutation } from "@tanstack/react-query";
import { getText } from "../api/client";
import type { LogStatus } from "../api/types";
import { formatNumber } from "../kit/format";
import { Section } from "../kit/Page";
import { useText } from "../text";
import type { Text } from "../text";
import { growth, parseCheckpoint, parseVerifierKey, verify } from "./checkpoint";
import type { Checkpoint, Growth, Seen, Signed } from "./checkpoint";

interface Finding {
  ok: boolean | undefined;
  words: string;
}

/** Reads the public checkpoint by itself and judges it: signed by a known key, agreeing with the server's word, and never shorter than before. */
export function Monitor({ status }: { status: LogStatus }) {
  const text = useText();
  const { t } = text;
  const watch = useMutation({ mutationFn: () => look(status, text) });
  const findings = watch.data ?? [];
  const bad = findings.some((finding) => finding.ok === false);
  return (
    <Section
      title={t.evidence.monitor}
      extra={
        <Button onClick={() => watch.mutate()} loading={watch.isPending}>
          {t.evidence.run}
        </Button>
      }
    >
      <p className="cs-muted">{t.evidence.monitorLead}</p>
      <div role="status">
        {watch.error ? <Line finding={{ ok: false, words: t.evidence.unread }} /> : null}
        {findings.length > 0 ? (
          <ul className="cs-verdict">
            {findings.map((finding) => (
              <Line key={finding.words} finding={finding} />
            ))}
          </ul>
        ) : null}
        {findings.length > 0 ? <strong>{bad ? t.evidence.verdictBad : t.evidence.verdictOk}</strong> : watch.error ? null : t.evidence.none}
      </div>
    </Section>
  );
}

function Line({ finding: { ok, words } }: { finding: Finding }) {
  const Icon = ok === undefined ? InfoCircleOutlined : ok ? CheckCircleFilled : CloseCircleFilled;
  return (
    <li className={ok === undefined ? undefined : ok ? "cs-built-yes" : "cs-error"}>
      <Icon aria-hidden /> {words}
    </li>
  );
}

async function look(status: LogStatus, text: Text): Promise<Finding[]> {
  const { t } = text;
  const checkpoint = parseCheckpoint(await getText("/log/checkpoint"));
  if (!checkpoint) return [{ ok: false, words: t.evidence.unread }];
  const keys = (status.keys ?? []).map(parseVerifierKey).filter((key) => key !== undefined);
  const signed = await verify(checkpoint, keys);
  const seen = recall(checkpoint.origin);
  const change = growth(seen, checkpoint);
  // What shrank or was rewritten must not become the new measure.
  if (signed !== "no" && change !== "shrunk" && change !== "rewritten") remember(checkpoint);
  return [signedFinding(signed, t), agreeFinding(status, checkpoint, t), growthFinding(change, seen, checkpoint, t)];
}

type Words = Text["t"];

function signedFinding(signed: Signed, t: Words): Finding {
  if (signed === "unsupported") return { ok: undefined, words: t.evidence.noCrypto };
  return signed === "yes" ? { ok: true, words: t.evidence.signed } : { ok: false, words: t.evidence.unsigned };
}

/** The log may have grown since the server answered; at the same size the roots must be the same. */
function agreeFinding(status: LogStatus, checkpoint: Checkpoint, t: Words): Finding {
  const said = parseCheckpoint(status.checkpoint ?? "");
  const differs =
    said !== undefined &&
    (said.origin !== checkpoint.origin || said.size > checkpoint.size || (said.size === checkpoint.size && said.root !== checkpoint.root));
  return { ok: !differs, words: differs ? t.evidence.differs : t.evidence.same };
}

function growthFinding(change: Growth, seen: Seen | undefined, checkpoint: Checkpoint, t: Words): Finding {
  const [from, to] = [formatNumber(seen?.size ?? 0), formatNumber(checkpoint.size)];
  if (change === "first") return { ok: undefined, words: t.evidence.first };
  if (change === "shrunk") return { ok: false, words: t.evidence.shrunk(from, to) };
  if (change === "rewritten") return { ok: false, words: t.evidence.rewritten };
  return { ok: true, words: t.evidence.grown(from, to) };
}

const storageKey = "chengshu.log.";

function recall(origin: string): Seen | undefined {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(storageKey + origin) ?? "null");
    if (
      stored !== null &&
      typeof stored === "object" &&
      "size" in stored &&
      "root" in stored &&
      typeof stored.size === "number" &&
      typeof stored.root === "string"
    )
      return { size: stored.size, root: stored.root };
  } catch {
    // storage refused or garbled: as if seen for the first time
  }
  return undefined;
}

function remember({ origin, size, root }: Checkpoint): void {
  try {
    localStorage.setItem(storageKey + origin, JSON.stringify({ size, root }));
  } catch {
    // without storage there is only this one look
  }
}
