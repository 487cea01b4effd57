import { useCallback, useState } from "react";
import { Problem, fieldErrors } from "../api/problem";
import type { Fields } from "../api/types";
import { useText } from "../text";
import type { Entry } from "../types/declared";
import { collect, toRaw } from "./values";
import type { Collected, Raw, RawRow } from "./values";

export interface FormState {
  raws: RawRow;
  errors: Map<string, string>;
  /** Failures of the last answer that belong to no field shown. */
  rest: string[];
  dirty: boolean;
  /** Names of fields whose files are still on their way. */
  pending: Set<string>;
  set: (name: string, raw: Raw) => void;
  setPending: (name: string, pending: boolean) => void;
  /** Checks everything; undefined, with the errors shown, when something is not right. */
  check: () => Collected | undefined;
  /** Shows what the server found wrong. */
  refuse: (error: unknown) => void;
  /** Takes over somebody else's newer values, except where the user has entered their own. */
  rebase: (latest: Fields) => void;
}

/** The state of one form over its entries. `before` are the values it starts from. */
export function useFormState(entries: Entry[], before: Fields): FormState {
  const { t, pick } = useText();
  const [raws, setRaws] = useState<RawRow>(() => initial(entries, before));
  const [errors, setErrors] = useState<Map<string, string>>(new Map());
  const [rest, setRest] = useState<string[]>([]);
  const [touched, setTouched] = useState<Set<string>>(new Set());
  const [pending, setPendingSet] = useState<Set<string>>(new Set());

  const set = useCallback((name: string, raw: Raw) => {
    setRaws((old) => ({ ...old, [name]: raw }));
    setTouched((old) => new Set(old).add(name));
    setErrors((old) => without(old, name));
  }, []);

  const setPending = useCallback((name: string, isPending: boolean) => {
    setPendingSet((old) => {
      if (old.has(name) === isPending) return old;
      const next = new Set(old);
      if (isPending) next.add(name);
      else next.delete(name);
      return next;
    });
  }, []);

  const check = () => {
    const collected = collect(entries, raws, before, t, pick);
    for (const name of pending) collected.errors.set(name, t.file.pending);
    setErrors(collected.errors);
    setRest([]);
    return collected.errors.size === 0 ? collected : undefined;
  };

  const refuse = (error: unknown) => {
    if (!(error instanceof Problem)) return;
    const { byField, rest: unplaced } = fieldErrors(
      error,
      entries.map((entry) => entry.name),
    );
    setErrors(new Map([...byField].map(([name, messages]) => [name, messages.map(pick).join(" ")])));
    setRest([...unplaced, ...error.why].map(pick));
  };

  const rebase = (latest: Fields) => {
    const fresh = initial(entries, latest);
    setRaws((old) => Object.fromEntries(entries.map(({ name }) => [name, touched.has(name) ? old[name] : fresh[name]])));
    setErrors(new Map());
    setRest([]);
  };

  return { raws, errors, rest, dirty: touched.size > 0, pending, set, setPending, check, refuse, rebase };
}

function initial(entries: Entry[], before: Fields): RawRow {
  return Object.fromEntries(entries.map(({ name, field }) => [name, toRaw(field, before[name] ?? field.default)]));
}

function without(errors: Map<string, string>, name: string): Map<string, string> {
  if (!errors.has(name)) return errors;
  const next = new Map(errors);
  next.delete(name);
  return next;
}
