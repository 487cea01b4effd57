import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { get } from "../api/client";
import { keys } from "../api/keys";
import { withParams } from "../api/query";
import type { TypeSummary } from "../api/types";

/** The lines of the catalogue that mention the words; all of them without any. */
export function useFoundTypes(q: string) {
  return useQuery({
    queryKey: q === "" ? keys.types : [...keys.types, q],
    queryFn: ({ signal }) => get<TypeSummary[]>(withParams("/api/types", { q }), signal),
    placeholderData: keepPreviousData,
  });
}
