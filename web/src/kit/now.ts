import { useSyncExternalStore } from "react";

// The program has its own clock (a demo city or a scenario may turn it), so countdowns follow the server's, not the browser's.

let offset = 0;
let now = Date.now();
const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;

/** Sets our clock by the server's; called with each session answer. */
export function setServerNow(iso: string | undefined): void {
  const at = iso === undefined ? Number.NaN : Date.parse(iso);
  if (Number.isNaN(at)) return;
  offset = at - Date.now();
  tick();
}

/** The program's time now, in ms. */
export function serverNow(): number {
  return Date.now() + offset;
}

function tick(): void {
  now = serverNow();
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  if (timer === undefined) timer = setInterval(tick, 1000);
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0 && timer !== undefined) {
      clearInterval(timer);
      timer = undefined;
    }
  };
}

/** The program's time, refreshed each second for all clocks on the page together. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, () => now);
}
