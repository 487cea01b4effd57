import { useEffect, useState } from "react";

const shownFor = 4000; // ms

export interface Arrivals {
  scope: string;
  known: Set<string>;
  fresh: Set<string>;
}

/** What is new among the ids. Another list starts afresh: what it holds at first is not news. Returns `old` itself when nothing has come. */
export function arrive(old: Arrivals, scope: string, ids: string[]): Arrivals {
  if (old.scope !== scope) return { scope, known: new Set(ids), fresh: new Set() };
  const fresh = ids.filter((id) => !old.known.has(id));
  return fresh.length === 0 ? old : { scope, known: new Set([...old.known, ...fresh]), fresh: new Set(fresh) };
}

/** The ids that have come since the list was first shown, for a moment each. `scope` names the list. */
export function useArrivals(ids: string[], scope: string, ready: boolean): Set<string> {
  const [state, setState] = useState<Arrivals>({ scope: "", known: new Set(), fresh: new Set() });
  if (ready) {
    const next = arrive(state, scope, ids);
    if (next !== state) setState(next);
  }
  const { fresh } = state;
  useEffect(() => {
    if (fresh.size === 0) return;
    const timer = setTimeout(() => setState((old) => (old.fresh === fresh ? { ...old, fresh: new Set() } : old)), shownFor);
    return () => clearTimeout(timer);
  }, [fresh]);
  return fresh;
}
