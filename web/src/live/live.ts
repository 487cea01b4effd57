import { useEffect, useSyncExternalStore } from "react";
import type { QueryClient } from "@tanstack/react-query";
import { useQueryClient } from "@tanstack/react-query";
import { Gatherer, concerns } from "./hints";
import type { LiveEvent } from "./hints";
import { LiveSource } from "./source";

export type LiveState = "connecting" | "on" | "off";

let state: LiveState = "connecting";
const listeners = new Set<() => void>();

function setState(next: LiveState): void {
  if (state === next) return;
  state = next;
  for (const listener of listeners) listener();
}

export function useLiveState(): LiveState {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => state,
  );
}

interface Connection {
  reopen: () => void;
  close: () => void;
}

let connection: Connection | undefined;

/** Through the shared worker, or straight from this page where there is none (Safari on older phones, some WebViews). */
function connect(tell: (event: LiveEvent) => void): Connection {
  if (typeof SharedWorker === "undefined") {
    const source = new LiveSource(tell);
    source.open();
    return { reopen: () => source.open(), close: () => source.close() };
  }
  const worker = new SharedWorker(new URL("./worker.ts", import.meta.url), { type: "module", name: "chengshu-live" });
  const leave = () => worker.port.postMessage("leave");
  worker.port.onmessage = (event: MessageEvent<LiveEvent>) => tell(event.data);
  worker.port.start();
  addEventListener("pagehide", leave);
  return {
    reopen: () => worker.port.postMessage("reopen"),
    close: () => {
      removeEventListener("pagehide", leave);
      leave();
      worker.port.close();
    },
  };
}

/** After signing in or out: the topics this browser may hear are others now. */
export function reopenLive(): void {
  connection?.reopen();
}

function listen(client: QueryClient): () => void {
  const gatherer = new Gatherer((topics) => {
    void client.invalidateQueries({ predicate: (query) => topics.some((topic) => concerns(topic, query.queryKey)) });
  });
  const opened = connect((event) => {
    if (event.kind === "open") setState("on");
    if (event.kind === "lost") setState("off");
    if (event.kind === "hint") gatherer.add(event.topic);
    if (event.kind === "reset") void client.invalidateQueries();
  });
  connection = opened;
  return () => {
    gatherer.stop();
    opened.close();
    if (connection === opened) connection = undefined;
  };
}

/** Keeps the page's queries fresh for as long as the application shows. */
export function useLive(): void {
  const client = useQueryClient();
  useEffect(() => {
    // A page brought back from the back-forward cache has left the worker; it joins again and loads what it missed.
    let stop = listen(client);
    const again = (event: PageTransitionEvent) => {
      if (!event.persisted) return;
      stop();
      stop = listen(client);
      void client.invalidateQueries();
    };
    addEventListener("pageshow", again);
    return () => {
      removeEventListener("pageshow", again);
      stop();
    };
  }, [client]);
}
