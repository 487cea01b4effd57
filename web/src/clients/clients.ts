import { useInfiniteQuery } from "@tanstack/react-query";
import { get } from "../api/client";
import { keys } from "../api/keys";
import { withParams } from "../api/query";
import type { Label, Page } from "../api/types";
import { useSession } from "../session/session";

/** A program that calls the API for an organisation, by docs/guide/api.md. */
export interface Client {
  id: string;
  name: string;
  org?: string;
  org_name?: Label;
  roles: string[];
  created_at: string;
  expires_at: string;
  /** 0 is the common rate. */
  per_minute: number;
  /** The day of its last use. */
  used_on?: string;
  disabled: boolean;
  signs: boolean;
  algorithm?: string;
  fingerprint?: string;
  /** Shown once, when the client is entered. */
  key?: string;
}

/** An organisation and a role whose clients the user may enter; without `org`, of any organisation. */
export interface MayEnter {
  org?: string;
  org_name?: Label;
  role: string;
  title: Label;
}

export interface Clients extends Page<Client> {
  may: MayEnter[];
}

/** The API clients that the user looks after, in pages, the newest first. */
export function useClients(enabled = true) {
  return useInfiniteQuery({
    queryKey: keys.clients,
    queryFn: ({ signal, pageParam }) => get<Clients>(withParams("/api/clients", { after: pageParam }), signal),
    initialPageParam: "",
    getNextPageParam: (last: Clients) => last.next,
    enabled,
  });
}

/** Whether the user may enter clients; asked only where they hold a post. */
export function useKeepsClients(asked: boolean): boolean {
  const session = useSession();
  const clients = useClients(asked && (session.data?.posts?.length ?? 0) > 0);
  return (clients.data?.pages[0]?.may.length ?? 0) > 0;
}
