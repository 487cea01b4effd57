import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { LiveEvent } from "./hints";
import { LiveSource } from "./source";

/** As much of an EventSource as the stream uses, driven by the test. */
class FakeSource extends EventTarget {
  static readonly CLOSED = 2;
  static all: FakeSource[] = [];
  readyState = 0;
  onopen: (() => void) | null = null;
  onerror: (() => void) | null = null;
  constructor(readonly url: string) {
    super();
    FakeSource.all.push(this);
  }
  close(): void {
    this.readyState = FakeSource.CLOSED;
  }
  send(event: string, data: string): void {
    this.dispatchEvent(new MessageEvent(event, { data }));
  }
  fail(forGood: boolean): void {
    this.readyState = forGood ? FakeSource.CLOSED : 0;
    this.onerror?.();
  }
}

let told: LiveEvent[];
let live: LiveSource;

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("EventSource", FakeSource);
  FakeSource.all = [];
  told = [];
  live = new LiveSource((event) => told.push(event));
  live.open();
});

afterEach(() => {
  live.close();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe("the event stream", () => {
  it("tells of hints and resets, and of nothing else", () => {
    const [source] = FakeSource.all;
    source?.onopen?.();
    source?.send("hint", '{"topic":"case.incident"}');
    source?.send("hint", "garbage");
    source?.send("reset", "");
    expect(told).toEqual([{ kind: "open" }, { kind: "hint", topic: "case.incident" }, { kind: "reset" }]);
  });

  it("leaves reconnecting to the browser while that tries", () => {
    FakeSource.all[0]?.fail(false);
    vi.advanceTimersByTime(60_000);
    expect(FakeSource.all).toHaveLength(1);
    expect(told).toEqual([{ kind: "lost" }]);
  });

  it("opens a new stream when the browser has given up, and then everything must be loaded again", () => {
    FakeSource.all[0]?.fail(true);
    vi.advanceTimersByTime(8000);
    expect(FakeSource.all).toHaveLength(2);
    expect(told).toEqual([{ kind: "lost" }, { kind: "reset" }]);
  });

  it("closes the old stream when it is opened anew", () => {
    live.open();
    expect(FakeSource.all.map((source) => source.readyState)).toEqual([FakeSource.CLOSED, 0]);
  });

  it("does not come back once closed", () => {
    FakeSource.all[0]?.fail(true);
    live.close();
    vi.advanceTimersByTime(60_000);
    expect(FakeSource.all).toHaveLength(1);
  });
});
