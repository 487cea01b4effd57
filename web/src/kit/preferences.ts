import { useSyncExternalStore } from "react";
import type { Language } from "../text";

/** What a browser remembers about how its user likes to read. */
export interface Preferences {
  lang: Language;
  /** Large type, strong contrast, large targets. */
  elder: boolean;
}

const storageKey = "chengshu.preferences";
const listeners = new Set<() => void>();
let current = read();

function read(): Preferences {
  const defaults: Preferences = { lang: "zh", elder: false };
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(storageKey) ?? "{}");
    if (stored === null || typeof stored !== "object") return defaults;
    return {
      lang: "lang" in stored && stored.lang === "en" ? "en" : "zh",
      elder: "elder" in stored && stored.elder === true,
    };
  } catch {
    return defaults; // storage refused or garbled: the defaults serve
  }
}

export function setPreferences(change: Partial<Preferences>): void {
  current = { ...current, ...change };
  try {
    localStorage.setItem(storageKey, JSON.stringify(current));
  } catch {
    // Private windows may refuse storage; the choice then lasts until the page closes.
  }
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function usePreferences(): Preferences {
  return useSyncExternalStore(subscribe, () => current);
}
