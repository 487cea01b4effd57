import { Problem, cancelled, offline, problemOf } from "./problem";
import type { StoredFile } from "./types";

type Method = "GET" | "POST" | "PATCH" | "DELETE";

async function send(method: Method, path: string, body: unknown, signal?: AbortSignal): Promise<Response> {
  const init: RequestInit = { method, credentials: "same-origin", headers: { Accept: "application/json" } };
  if (signal) init.signal = signal;
  if (body !== undefined) {
    init.headers = { Accept: "application/json", "Content-Type": "application/json" };
    init.body = JSON.stringify(body);
  }
  let response: Response;
  try {
    response = await fetch(path, init);
  } catch (cause) {
    if (signal?.aborted) throw cause; // TanStack Query knows an abort by its own kind
    throw new Problem(0, { code: offline });
  }
  if (!response.ok) throw await problemOf(response);
  return response;
}

async function decoded<T>(response: Response): Promise<T> {
  if (response.status === 204) return undefined as T;
  const text = await response.text();
  return (text === "" ? undefined : JSON.parse(text)) as T;
}

/** GET; throws Problem. The caller names the shape that docs/guide/api.md gives for the path. */
export async function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  return decoded<T>(await send("GET", path, undefined, signal));
}

/** GET of a plain text, such as the log's checkpoint. */
export async function getText(path: string, signal?: AbortSignal): Promise<string> {
  return (await send("GET", path, undefined, signal)).text();
}

export async function post<T>(path: string, body: unknown = {}, signal?: AbortSignal): Promise<T> {
  return decoded<T>(await send("POST", path, body, signal));
}

export async function patch<T>(path: string, body: unknown): Promise<T> {
  return decoded<T>(await send("PATCH", path, body));
}

export async function remove(path: string): Promise<void> {
  await send("DELETE", path, undefined);
}

export interface Upload {
  done: Promise<StoredFile>;
  cancel: () => void;
}

/**
 * Sends a file's bytes and tells the share sent, 0 to 1, as it goes. XMLHttpRequest because fetch cannot tell how much of a body has
 * left. A cancelled upload rejects with code `cancelled`.
 */
export function upload(file: File, onProgress: (share: number) => void): Upload {
  const request = new XMLHttpRequest();
  const done = new Promise<StoredFile>((resolve, reject) => {
    request.open("POST", "/api/files");
    request.setRequestHeader("X-Filename", encodeURIComponent(file.name));
    request.setRequestHeader("Content-Type", file.type || "application/octet-stream");
    request.upload.onprogress = (event) => {
      if (event.lengthComputable) onProgress(event.loaded / event.total);
    };
    request.onload = () => settle(request, resolve, reject);
    request.onerror = () => reject(new Problem(0, { code: offline }));
    request.onabort = () => reject(new Problem(0, { code: cancelled }));
    request.send(file);
  });
  return { done, cancel: () => request.abort() };
}

function settle(request: XMLHttpRequest, resolve: (file: StoredFile) => void, reject: (problem: Problem) => void): void {
  let body: unknown = {};
  try {
    body = JSON.parse(request.responseText);
  } catch {
    // No JSON: the status alone tells.
  }
  if (request.status >= 200 && request.status < 300) resolve(body as StoredFile);
  else reject(new Problem(request.status, body !== null && typeof body === "object" ? body : {}));
}
