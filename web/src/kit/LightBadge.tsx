import {
  CheckCircleFilled,
  ClockCircleFilled,
  ExclamationCircleFilled,
  MinusCircleOutlined,
  PauseCircleFilled,
  WarningFilled,
} from "@ant-design/icons";
import type { ComponentType } from "react";
import type { Light } from "../api/types";
import { useText } from "../text";
import { countdown, countdownText, lightAt } from "./light";
import { useNow } from "./now";
import { formatTime } from "./time";

type Shown = Light | "none";

const icons: Record<Shown, ComponentType<{ "aria-hidden"?: boolean }>> = {
  green: CheckCircleFilled,
  yellow: WarningFilled,
  red: ExclamationCircleFilled,
  paused: PauseCircleFilled,
  closed: MinusCircleOutlined,
  none: ClockCircleFilled,
};

interface Deadline {
  light?: Light;
  dueAt?: string | null;
}

/** The deadline light: an icon of its own shape, a word, and only then a colour. */
export function LightBadge({ light, dueAt }: Deadline) {
  const { t } = useText();
  const shown: Shown = lightAt(light, dueAt, useNow()) ?? "none";
  const Icon = icons[shown];
  return (
    <span className={`cs-light cs-light-${shown}`}>
      <Icon aria-hidden /> {t.clock[shown]}
    </span>
  );
}

/** The light with its countdown: `临期 · 剩余 3 小时 20 分`. A stopped or closed clock shows no countdown. */
export function DeadlineClock({ light, dueAt }: Deadline) {
  const { t } = useText();
  const now = useNow();
  const runs = light !== "closed" && light !== "paused" && dueAt;
  const left = runs ? countdown(dueAt, now) : undefined;
  return (
    <span className="cs-clock">
      <LightBadge light={light} dueAt={dueAt} />
      {left ? (
        <time role="timer" aria-live="off" aria-label={t.clock.label} dateTime={dueAt ?? undefined} title={formatTime(dueAt)}>
          {countdownText(left, t.clock)}
        </time>
      ) : null}
    </span>
  );
}
