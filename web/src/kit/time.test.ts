import { describe, expect, it } from "vitest";
import { formatDate, formatTime, fromTimeInput, toTimeInput } from "./time";

describe("times are the city's own", () => {
  it("over midnight", () => {
    expect(formatTime("2026-03-02T16:30:00.000Z")).toBe("2026-03-03 00:30");
    expect(formatDate("2026-03-02T16:30:00.000Z")).toBe("2026-03-03");
  });
  it("a date stays the date it is", () => expect(formatDate("2026-03-02")).toBe("2026-03-02"));
  it("what is no time is shown as it came", () => expect(formatTime("soon")).toBe("soon"));
  it("nothing is nothing", () => expect([formatTime(null), formatDate(undefined)]).toEqual(["", ""]));
  it("through an input and back", () => expect(fromTimeInput(toTimeInput("2025-12-31T16:05:00.000Z"))).toBe("2025-12-31T16:05:00.000Z"));
  it("half an input is nothing", () => expect(fromTimeInput("2026-03-02T")).toBeUndefined());
});
