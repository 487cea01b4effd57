import { queryOptions, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { get } from "../api/client";
import { keys } from "../api/keys";
import { itemPath, itemsPath, withParams } from "../api/query";
import type { Failures, Manifest, Release, ReleaseRows } from "../api/dataset";
import type { Page, Type } from "../api/types";

const releasesPath = (dataset: string) => `${itemsPath("dataset", dataset)}/releases`;

/** Releases, newest first. */
export function useReleases(dataset: string) {
  return useInfiniteQuery({
    queryKey: keys.releases(dataset),
    queryFn: ({ signal, pageParam }) => get<Page<Release>>(withParams(releasesPath(dataset), { after: pageParam }), signal),
    initialPageParam: "",
    getNextPageParam: (last: Page<Release>) => last.next,
  });
}

const forGood = { staleTime: Infinity }; // neither a release nor what a check has found ever changes

export function manifestQuery(dataset: string, version: number) {
  return queryOptions({
    queryKey: keys.manifest(dataset, version),
    queryFn: ({ signal }) => get<Manifest>(`${releasesPath(dataset)}/${version}`, signal),
    ...forGood,
  });
}

export function useManifest(dataset: string, version: number) {
  return useQuery(manifestQuery(dataset, version));
}

/** The rows of a release as a file. */
export function downloadHref(dataset: string, version: number, format: string): string {
  return `${releasesPath(dataset)}/${version}/download?format=${format}`;
}

export function useRows(dataset: string, version: number, enabled = true) {
  return useInfiniteQuery({
    queryKey: keys.rows(dataset, version),
    queryFn: ({ signal, pageParam }) =>
      get<ReleaseRows>(withParams(`${releasesPath(dataset)}/${version}/rows`, { limit: "50", after: pageParam }), signal),
    initialPageParam: "",
    getNextPageParam: (last: ReleaseRows) => last.next,
    enabled,
    ...forGood,
  });
}

/** Rows of a load's file that were not taken, as one check, the batch, has found. */
export function useFailures(type: Type, id: string, batch: string) {
  return useInfiniteQuery({
    queryKey: keys.failures(type.name, id, batch),
    queryFn: ({ signal, pageParam }) =>
      get<Failures>(withParams(`${itemPath(type.kind, type.name, id)}/failures`, { limit: "50", after: pageParam }), signal),
    initialPageParam: "",
    getNextPageParam: (last: Failures) => last.next,
    ...forGood,
  });
}
