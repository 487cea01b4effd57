import type { Dictionary } from "../text/zh";

/** A span of time as packs write it, in words: `2 work-days` is `2 个工作日`. What is written otherwise is shown as it stands. */
export function formatSpan(span: string | undefined, t: Dictionary["span"]): string {
  const match = /^(\d+) (minute|hour|day|week|month|year|work-minute|work-hour|work-day)s?$/.exec(span ?? "");
  if (!match) return span ?? "";
  const words: Record<string, (n: number) => string> = {
    minute: t.minutes,
    hour: t.hours,
    day: t.days,
    week: t.weeks,
    month: t.months,
    year: t.years,
    "work-minute": t.workMinutes,
    "work-hour": t.workHours,
    "work-day": t.workDays,
  };
  return words[match[2] ?? ""]?.(Number(match[1])) ?? span ?? "";
}
