import type { QueryKey } from "@tanstack/react-query";

/** What the event stream tells: that something of a topic changed, or that so much was missed that all must be loaded again. */
export type LiveEvent = { kind: "hint"; topic: string } | { kind: "reset" } | { kind: "open" } | { kind: "lost" };

const ofType = new Set(["list", "geo", "item", "timeline", "history", "similar", "search", "type", "releases"]);
/** Figures gathered from many types: any change of a case or record may show in them. */
const gathered = new Set(["board", "types"]);

/** Whether a query shows something of the topic. Topics are `case.<type>`, `record.<type>`, `notice.<person>`, or one word such as `inbox`. */
export function concerns(topic: string, key: QueryKey): boolean {
  const [what, type] = key;
  const dot = topic.indexOf(".");
  if (dot < 0) return what === topic || (what === "admin" && type === topic);
  const [kind, name] = [topic.slice(0, dot), topic.slice(dot + 1)];
  if (typeof what !== "string") return false;
  if (kind === "notice") return what === "notices";
  if (ofType.has(what)) return type === name;
  if (what === "inbox") return kind === "case" || kind === "task";
  return gathered.has(what);
}

/** Reads the data of a `hint` event; anything else than a topic is no hint. */
export function parseHint(data: string): string | undefined {
  try {
    const value: unknown = JSON.parse(data);
    if (value !== null && typeof value === "object" && "topic" in value && typeof value.topic === "string") return value.topic;
  } catch {
    // not JSON
  }
  return undefined;
}

/**
 * Gathers hints and hands on each topic once, at the end of a short wait: a burst of changes reloads a list once. The first hint after
 * quiet goes out after `quietMs`, so that a dispatcher sees a report well within a second.
 */
export class Gatherer {
  private readonly topics = new Set<string>();
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly flush: (topics: string[]) => void,
    private readonly quietMs = 120,
  ) {}

  add(topic: string): void {
    this.topics.add(topic);
    this.timer ??= setTimeout(() => this.emit(), this.quietMs);
  }

  stop(): void {
    if (this.timer !== undefined) clearTimeout(this.timer);
    this.timer = undefined;
    this.topics.clear();
  }

  private emit(): void {
    const topics = [...this.topics];
    this.topics.clear();
    this.timer = undefined;
    this.flush(topics);
  }
}
