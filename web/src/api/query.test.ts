import { describe, expect, it } from "vitest";
import { filtersIn, itemPath, mergeParams, rangeOf, rangeText, splitValues, withParams } from "./query";

describe("paths", () => {
  it.each([
    ["record", "/api/records/duty/a%2Fb"],
    ["case", "/api/cases/duty/a%2Fb"],
  ] as const)("escapes what stands in them: %s", (kind, want) => expect(itemPath(kind, "duty", "a/b")).toBe(want));

  it("gives one address to one list, whatever the order of its parameters", () => {
    const a = withParams("/api/cases/incident", { state: "assigned,handling", q: "井盖", after: "" });
    const b = withParams("/api/cases/incident", { q: "井盖", state: "assigned,handling" });
    expect(a).toBe(b);
    expect(a).toBe("/api/cases/incident?q=%E4%BA%95%E7%9B%96&state=assigned%2Chandling");
  });

  it("leaves the question mark out when there is nothing to ask", () => expect(withParams("/api/orgs", { q: "" })).toBe("/api/orgs"));
});

describe("a screen's fixed parameters", () => {
  it("cannot be widened by the address", () =>
    expect(mergeParams({ state: "closed", q: "灯" }, { state: "open" }, "-opened_at")).toEqual({
      state: "open",
      q: "灯",
      sort: "-opened_at",
    }));
  it("let the user sort otherwise", () => expect(mergeParams({ sort: "number" }, undefined, "-opened_at")).toEqual({ sort: "number" }));
});

describe("ranges and values", () => {
  it.each([
    ["", "", ""],
    ["2026-03-01", "", "2026-03-01.."],
    ["", "2026-03-31", "..2026-03-31"],
    ["2026-03-01", "2026-03-31", "2026-03-01..2026-03-31"],
  ])("from %j to %j is %j and back", (from, to, text) => {
    expect(rangeText(from, to)).toBe(text);
    expect(rangeOf(text)).toEqual([from, to]);
  });

  it("splits several values, and finds none in an empty one", () => {
    expect(splitValues("a,b")).toEqual(["a", "b"]);
    expect(splitValues("")).toEqual([]);
    expect(splitValues(undefined)).toEqual([]);
  });

  it("tells filters from the list's own parameters", () =>
    expect(filtersIn({ q: "x", sort: "a", state: "open", category: "" })).toEqual(["state"]));
});
