import { useCallback } from "react";
import { useNavigate, useSearch } from "@tanstack/react-router";
import type { ListParams } from "../api/query";

/** Parameters of the address that are the page's own business and not the API's. */
export const pageParams = new Set(["as", "next"]);

/** The list's parameters as they stand in the address bar, and how to change some of them. */
export function useListParams(): [ListParams, (change: ListParams) => void] {
  const search: ListParams = useSearch({ strict: false });
  const navigate = useNavigate();
  const change = useCallback(
    (changed: ListParams) => {
      void navigate({
        to: ".",
        search: (before: ListParams) => Object.fromEntries(Object.entries({ ...before, ...changed }).filter(([, value]) => value !== "")),
        replace: true,
        resetScroll: false,
      });
    },
    [navigate],
  );
  return [search, change];
}

/** What of the address goes to the API. */
export function apiParams(params: ListParams): ListParams {
  return Object.fromEntries(Object.entries(params).filter(([name]) => !pageParams.has(name)));
}
