import { useQuery } from "@tanstack/react-query";
import { get } from "../api/client";
import { keys } from "../api/keys";
import { withParams } from "../api/query";
import type { ListParams } from "../api/query";

/** One of the administration's read-outs. `refresh` in ms for what changes without hints. */
export function useAdmin<T>(what: string, params: ListParams = {}, refresh?: number) {
  return useQuery({
    queryKey: keys.admin(what, params),
    queryFn: ({ signal }) => get<T>(withParams(`/api/admin/${what}`, params), signal),
    refetchInterval: refresh,
  });
}
