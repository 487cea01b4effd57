import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { get, post, remove } from "../api/client";
import { keys } from "../api/keys";
import type { Face, Session } from "../api/types";
import { setServerNow } from "../kit/now";
import { reopenLive } from "../live/live";

async function fetchSession(signal?: AbortSignal): Promise<Session> {
  const session = await get<Session>("/api/session", signal);
  setServerNow(session.now);
  return session;
}

/** Who is signed in. */
export function useSession() {
  return useQuery({
    queryKey: keys.session,
    queryFn: ({ signal }) => fetchSession(signal),
    staleTime: 5 * 60_000,
    refetchInterval: 15 * 60_000, // keeps the clock true
  });
}

/** After who is signed in has changed: nothing that was loaded for somebody else may stay. */
function useChangedPerson() {
  const client = useQueryClient();
  return async () => {
    client.removeQueries({ predicate: (query) => query.queryKey[0] !== "session" && query.getObserversCount() === 0 });
    await client.fetchQuery({ queryKey: keys.session, queryFn: ({ signal }) => fetchSession(signal), staleTime: 0 });
    await client.resetQueries({ predicate: (query) => query.queryKey[0] !== "session" });
    reopenLive();
  };
}

export interface Credentials {
  account: string;
  password: string;
}

export function useSignIn() {
  const changed = useChangedPerson();
  return useMutation({ mutationFn: (credentials: Credentials) => post<unknown>("/api/session", credentials), onSuccess: changed });
}

export interface Registration extends Credentials {
  name: string;
  phone: string;
}

/** Registers a citizen and signs them in. */
export function useRegister() {
  const changed = useChangedPerson();
  return useMutation({
    mutationFn: async (registration: Registration) => {
      await post<unknown>("/api/people", registration);
      await post<unknown>("/api/session", { account: registration.account, password: registration.password });
    },
    onSuccess: changed,
  });
}

/** `done` is called when nobody is signed in any more; the menu that asked for it is gone by then. */
export function useSignOut(done: () => void) {
  const changed = useChangedPerson();
  return useMutation({
    mutationFn: () => remove("/api/session"),
    onSuccess: async () => {
      done();
      await changed();
    },
  });
}

const order: Face[] = ["screen", "office", "admin", "public"];

/** Where to go after signing in: the face a person works in most. Office before the others; administrators without one to theirs. */
export function homeFace(session: Session): Face {
  if (session.faces.includes("office")) return "office";
  return order.find((face) => face !== "public" && session.faces.includes(face)) ?? "public";
}
