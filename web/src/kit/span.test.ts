import { describe, expect, it } from "vitest";
import { en } from "../text/en";
import { zh } from "../text/zh";
import { formatSpan } from "./span";

describe("spans of time", () => {
  it.each([
    ["2 hours", "2 小时", "2 hours"],
    ["1 work-day", "1 个工作日", "1 working day"],
    ["30 minutes", "30 分钟", "30 minutes"],
    ["soon", "soon", "soon"],
    [undefined, "", ""],
  ])("%s", (span, chinese, english) => {
    expect(formatSpan(span, zh.span)).toBe(chinese);
    expect(formatSpan(span, en.span)).toBe(english);
  });
});
