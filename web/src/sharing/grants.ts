import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { get } from "../api/client";
import { withParams } from "../api/query";
import type { DayOfUse, IssuedGrant } from "../api/sharing";
import type { Page } from "../api/types";

export const grantApi = (id: string) => `/api/grants/${encodeURIComponent(id)}`;

const key = (...parts: string[]) => ["grants", ...parts] as const;

/** Grants that my organisations hold, or those on a resource. */
export function useGrants(of: string, enabled = true) {
  return useInfiniteQuery({
    queryKey: key("list", of),
    queryFn: ({ signal, pageParam }) => get<Page<IssuedGrant>>(withParams("/api/grants", { of, after: pageParam }), signal),
    initialPageParam: "",
    getNextPageParam: (last: Page<IssuedGrant>) => last.next,
    enabled,
  });
}

export function useGrant(id: string) {
  return useQuery({ queryKey: key("one", id), queryFn: ({ signal }) => get<IssuedGrant>(grantApi(id), signal) });
}

/** Its use by day, newest first. */
export function useUse(id: string) {
  return useQuery({ queryKey: key("use", id), queryFn: ({ signal }) => get<Page<DayOfUse>>(`${grantApi(id)}/use`, signal) });
}

/** What changes when the data of a grant have been used: how much of it is left, and its use by day. */
export const used = { queryKey: key() };
