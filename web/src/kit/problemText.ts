import { Problem } from "../api/problem";
import type { Text } from "../text";

/** What went wrong, in the user's language: the server's own words when it has some, else ours for the code or the status. */
export function problemText(error: unknown, { t, pick }: Text): string {
  if (!(error instanceof Problem)) return t.problem.internal;
  if (error.code === "locked-out") return error.retryAfter ? t.problem.lockedOut(error.retryAfter) : t.problem.lockedOutSoon;
  return ownWords(error, t) ?? (pick(error.detail) || byStatus(error.status, t));
}

type Words = Text["t"];

/** Codes for which our sentence says more than the server can: it knows what the user was doing on this page. */
function ownWords(error: Problem, t: Words): string | undefined {
  const words: Record<string, string> = {
    offline: t.problem.offline,
    cancelled: t.problem.cancelled,
    "stale-revision": t.problem.stale,
    "wrong-credentials": t.problem.wrongCredentials,
  };
  return words[error.code];
}

function byStatus(status: number, t: Words): string {
  const words: Record<number, string> = {
    400: t.problem.invalid,
    401: t.problem.unauthenticated,
    403: t.problem.denied,
    404: t.problem.notFound,
    409: t.problem.conflict,
    413: t.problem.tooLarge,
    422: t.problem.invalid,
    429: t.problem.exhausted,
    502: t.problem.unavailable,
    503: t.problem.unavailable,
  };
  return words[status] ?? t.problem.internal;
}
