import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { keys } from "../api/keys";
import { Gatherer, concerns, parseHint } from "./hints";

describe("which queries a topic concerns", () => {
  const cases: [string, readonly unknown[], boolean][] = [
    ["case.incident", keys.list("case", "incident", { state: "open" }), true],
    ["case.incident", keys.item("case", "incident", "1"), true],
    ["case.incident", keys.timeline("incident", "1"), true],
    ["case.incident", keys.geo("case", "incident", {}), true],
    ["case.incident", keys.list("case", "appeal", {}), false],
    ["case.incident", keys.inbox({}), true],
    ["record.division", keys.inbox({}), false],
    ["case.incident", keys.screenData("city-governance/command"), true],
    ["record.division", keys.screenData("city-governance/command"), true],
    ["record.division", keys.list("record", "division", {}), true],
    ["record.air-hour", keys.releases("air-hour"), true],
    ["case.incident", keys.releases("air-hour"), false],
    ["notice.01a", keys.notices("unread"), true],
    ["notice.01a", keys.screenData("city-governance/command"), false],
    ["case.incident", keys.notices("list"), false],
    ["case.incident", keys.session, false],
    ["case.incident", keys.nav, false],
    ["inbox", keys.inbox({ scope: "mine" }), true],
    ["evidence", keys.evidence, true],
    ["jobs", keys.admin("jobs"), true],
    ["jobs", keys.admin("packs"), false],
  ];
  it.each(cases)("%s and %j: %s", (topic, key, want) => expect(concerns(topic, key)).toBe(want));
});

describe("reading a hint", () => {
  it.each([
    ['{"topic":"case.incident"}', "case.incident"],
    ['{"topic":1}', undefined],
    ["null", undefined],
    ["not json", undefined],
  ])("%s", (data, want) => expect(parseHint(data)).toBe(want));
});

describe("a burst of hints", () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  it("is handed on once, each topic once", () => {
    const flush = vi.fn();
    const gatherer = new Gatherer(flush, 100);
    gatherer.add("case.incident");
    vi.advanceTimersByTime(60);
    gatherer.add("record.duty");
    gatherer.add("case.incident");
    vi.advanceTimersByTime(40);
    expect(flush.mock.calls).toEqual([[["case.incident", "record.duty"]]]);
    vi.advanceTimersByTime(1000);
    expect(flush).toHaveBeenCalledTimes(1);
  });

  it("does not wait for ever while more keep coming", () => {
    const flush = vi.fn();
    const gatherer = new Gatherer(flush, 100);
    for (let i = 0; i < 10; i++) {
      gatherer.add("case.incident");
      vi.advanceTimersByTime(50);
    }
    expect(flush.mock.calls.length).toBeGreaterThanOrEqual(4);
  });

  it("is dropped when the page stops listening", () => {
    const flush = vi.fn();
    const gatherer = new Gatherer(flush, 100);
    gatherer.add("case.incident");
    gatherer.stop();
    vi.advanceTimersByTime(1000);
    expect(flush).not.toHaveBeenCalled();
  });
});
