import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { get, post } from "../api/client";
import { keys } from "../api/keys";
import { withParams } from "../api/query";
import type { Notices } from "../api/types";

/** How many notices the user has not read. */
export function useUnread() {
  return useQuery({
    queryKey: keys.notices("unread"),
    queryFn: async ({ signal }) => (await get<Notices>(withParams("/api/me/notices", { limit: "1" }), signal)).unread,
  });
}

export function useNotices() {
  return useInfiniteQuery({
    queryKey: keys.notices("list"),
    queryFn: ({ signal, pageParam }) => get<Notices>(withParams("/api/me/notices", { after: pageParam }), signal),
    initialPageParam: "",
    getNextPageParam: (last: Notices) => last.next,
  });
}

/** Marks all up to one notice as read; its place is what the user has seen. */
export function useReadNotices() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (upTo: string) => post<undefined>("/api/me/notices/read", { up_to: upTo }),
    onSuccess: () => client.invalidateQueries({ queryKey: ["notices"] }),
  });
}
