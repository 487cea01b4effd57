import type { Label, ProblemBody } from "./types";

/** Codes of our own for failures that never reached the server. */
export const offline = "offline";
export const cancelled = "cancelled";

/** A failed request: the server's RFC 9457 problem, or a network failure with code `offline`. */
export class Problem extends Error {
  readonly status: number;
  readonly code: string;
  readonly detail: Label | undefined;
  readonly errors: FieldError[];
  readonly why: Label[];
  /** Seconds to wait, from Retry-After. */
  readonly retryAfter: number | undefined;

  constructor(status: number, body: ProblemBody, retryAfter?: number) {
    super(body.title ?? `HTTP ${status}`);
    this.name = "Problem";
    this.status = status;
    this.code = body.code ?? String(status);
    this.detail = body.text ?? (body.detail === undefined ? undefined : { zh: body.detail, en: body.detail });
    this.errors = (body.errors ?? []).map((e) => ({ path: e.path, message: { zh: e.zh ?? e.en ?? "", en: e.en } }));
    this.why = body.why ?? [];
    this.retryAfter = retryAfter;
  }
}

export interface FieldError {
  path: string;
  message: Label;
}

/** Reads a problem from a failed response; a body that is no problem leaves only the status. */
export async function problemOf(response: Response): Promise<Problem> {
  const retry = Number(response.headers.get("Retry-After"));
  let body: ProblemBody = {};
  try {
    const parsed: unknown = await response.json();
    if (parsed !== null && typeof parsed === "object") body = parsed;
  } catch {
    // A proxy's HTML page, or nothing at all: the status says what there is to say.
  }
  return new Problem(response.status, body, retry > 0 ? retry : undefined);
}

/**
 * Maps a problem's errors to the form fields they belong to. Paths come as `fields.place`, `/fields/place/lon` or `place`; the first
 * segment that is a known field wins. What belongs to no field of the form is returned in `rest`, so that nothing is swallowed.
 */
export function fieldErrors(problem: Problem, known: Iterable<string>): { byField: Map<string, Label[]>; rest: Label[] } {
  const names = new Set(known);
  const byField = new Map<string, Label[]>();
  const rest: Label[] = [];
  for (const error of problem.errors) {
    const name = error.path.split(/[./[\]]+/).find((segment) => names.has(segment));
    if (name === undefined) rest.push(error.message);
    else byField.set(name, [...(byField.get(name) ?? []), error.message]);
  }
  return { byField, rest };
}
