import { vi } from "vitest";

/** One answer of the pretended server: a status and a JSON body. */
export interface Answer {
  status?: number;
  body?: unknown;
}

export interface Sent {
  method: string;
  path: string;
  body: unknown;
}

/**
 * Stands in for the server by replacing fetch. `routes` maps `METHOD /path` (without the query) to an answer, or to a function of the
 * request. What was asked is in `sent`; a path nobody expects answers 404, as the server does.
 */
export function pretendServer(routes: Record<string, Answer | ((sent: Sent) => Answer)>): { sent: Sent[] } {
  const sent: Sent[] = [];
  vi.stubGlobal("fetch", (input: string, init: RequestInit = {}) => {
    const request: Sent = {
      method: init.method ?? "GET",
      path: input,
      body: typeof init.body === "string" ? JSON.parse(init.body) : undefined,
    };
    sent.push(request);
    const route = routes[`${request.method} ${input.split("?")[0]}`];
    const answer = typeof route === "function" ? route(request) : (route ?? { status: 404, body: { code: "not-found" } });
    return Promise.resolve(new Response(JSON.stringify(answer.body ?? {}), { status: answer.status ?? 200 }));
  });
  return { sent };
}
