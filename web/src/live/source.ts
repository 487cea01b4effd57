import { parseHint } from "./hints";
import type { LiveEvent } from "./hints";

/** The one event stream. Used by the shared worker, and by the page itself where there are no shared workers. */
export class LiveSource {
  private source: EventSource | undefined;
  private retry: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly tell: (event: LiveEvent) => void) {}

  /** Opens the stream, or opens it anew: after signing in or out the server must decide again which topics this browser may hear. */
  open(): void {
    this.close();
    const source = new EventSource("/api/events");
    this.source = source;
    source.onopen = () => this.tell({ kind: "open" });
    source.addEventListener("hint", (event: MessageEvent<string>) => {
      const topic = parseHint(event.data);
      if (topic !== undefined) this.tell({ kind: "hint", topic });
    });
    source.addEventListener("reset", () => this.tell({ kind: "reset" }));
    source.onerror = () => this.failed(source);
  }

  close(): void {
    if (this.retry !== undefined) clearTimeout(this.retry);
    this.retry = undefined;
    this.source?.close();
    this.source = undefined;
  }

  /**
   * The browser reconnects by itself after a broken connection, with Last-Event-ID. It gives up for good on an HTTP error; then we try
   * again ourselves, and since the position is lost, everything is to be loaded again once connected.
   */
  private failed(source: EventSource): void {
    this.tell({ kind: "lost" });
    if (source.readyState !== EventSource.CLOSED || this.source !== source) return;
    this.retry = setTimeout(
      () => {
        this.open();
        this.tell({ kind: "reset" });
      },
      3000 + Math.random() * 4000,
    );
  }
}
