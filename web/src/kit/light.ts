import type { Light } from "../api/types";
import type { Dictionary } from "../text/zh";

/**
 * The light of a deadline at a moment. The server's word stands, except that a running clock which has passed its deadline since the
 * answer came is red at once, before the server's hint arrives.
 */
export function lightAt(light: Light | undefined, dueAt: string | null | undefined, now: number): Light | undefined {
  if (light === "paused" || light === "closed") return light;
  if (!dueAt) return light;
  const due = Date.parse(dueAt);
  if (Number.isNaN(due)) return light;
  if (due < now) return "red";
  return light ?? "green";
}

export interface Countdown {
  over: boolean;
  days: number;
  hours: number;
  minutes: number;
  seconds: number;
}

/** Time left until the deadline, or past it. Calendar time: working days are already in `dueAt`. */
export function countdown(dueAt: string, now: number): Countdown | undefined {
  const due = Date.parse(dueAt);
  if (Number.isNaN(due)) return undefined;
  const total = Math.floor(Math.abs(due - now) / 1000);
  return {
    over: due < now,
    days: Math.floor(total / 86_400),
    hours: Math.floor(total / 3600) % 24,
    minutes: Math.floor(total / 60) % 60,
    seconds: total % 60,
  };
}

/** The two largest units that matter: days and hours, hours and minutes, or minutes and seconds. */
export function countdownText(c: Countdown, t: Dictionary["clock"]): string {
  const text =
    c.days > 0
      ? `${t.days(c.days)} ${t.hours(c.hours)}`
      : c.hours > 0
        ? `${t.hours(c.hours)} ${t.minutes(c.minutes)}`
        : `${t.minutes(c.minutes)} ${t.seconds(c.seconds)}`;
  return c.over ? t.over(text) : t.left(text);
}
