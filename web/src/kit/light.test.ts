import { describe, expect, it } from "vitest";
import type { Light } from "../api/types";
import { en } from "../text/en";
import { zh } from "../text/zh";
import { countdown, countdownText, lightAt } from "./light";

const now = Date.parse("2026-03-02T01:00:00.000Z");
const at = (seconds: number) => new Date(now + seconds * 1000).toISOString();

describe("the light of a deadline", () => {
  const cases: [string, Light | undefined, string | null, Light | undefined][] = [
    ["the server's word stands", "yellow", at(60), "yellow"],
    ["red at once when the deadline passes before the hint comes", "green", at(-1), "red"],
    ["a stopped clock is never overdue", "paused", at(-3600), "paused"],
    ["nor is a closed case", "closed", at(-3600), "closed"],
    ["a deadline without a word is on time", undefined, at(60), "green"],
    ["no deadline, no light", undefined, null, undefined],
    ["what is no time changes nothing", "green", "soon", "green"],
  ];
  it.each(cases)("%s", (_, light, due, want) => expect(lightAt(light, due, now)).toBe(want));
});

describe("the countdown", () => {
  it.each([
    [2 * 86_400 + 3 * 3600 + 59, "剩余 2 天 3 小时"],
    [86_400, "剩余 1 天 0 小时"],
    [3 * 3600 + 20 * 60, "剩余 3 小时 20 分"],
    [90, "剩余 1 分 30 秒"],
    [0, "剩余 0 分 0 秒"],
    [-1, "超时 0 分 1 秒"],
    [-(26 * 3600), "超时 1 天 2 小时"],
  ])("%i seconds before the deadline", (seconds, want) => {
    const left = countdown(at(seconds), now);
    expect(left && countdownText(left, zh.clock)).toBe(want);
  });

  it("speaks English", () => {
    const left = countdown(at(3 * 3600), now);
    expect(left && countdownText(left, en.clock)).toBe("3 h 0 min left");
  });

  it("does not count towards nothing", () => expect(countdown("never", now)).toBeUndefined());
});
