import { QueryClient, keepPreviousData, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { get } from "./client";
import { keys } from "./keys";
import { Problem } from "./problem";
import { itemPath, itemsPath, withParams } from "./query";
import type { ListParams } from "./query";
import type { HistoryItem, Item, Kind, NavItem, Page, Screen, ScreenData, Type, TypeSummary } from "./types";

const declarationsStale = 10 * 60_000; // declarations change when packs are loaded, which restarts the program

export function newQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: { staleTime: 30_000, retry: (count, error) => count < 2 && worthRetrying(error) },
      mutations: { retry: false },
    },
  });
}

/** Only what may pass by itself: no connection, or a server that is overloaded or starting. */
function worthRetrying(error: unknown): boolean {
  return error instanceof Problem && (error.status === 0 || error.status === 502 || error.status === 503);
}

export function useNavItems() {
  return useQuery({
    queryKey: keys.nav,
    queryFn: async ({ signal }) => items(await get<NavItem[] | Page<NavItem>>("/api/nav", signal)),
    staleTime: declarationsStale,
  });
}

export function useTypes(enabled = true) {
  return useQuery({
    queryKey: keys.types,
    enabled,
    queryFn: async ({ signal }) => items(await get<TypeSummary[] | Page<TypeSummary>>("/api/types", signal)),
  });
}

function items<T>(answer: T[] | Page<T>): T[] {
  return Array.isArray(answer) ? answer : answer.items;
}

export function useType(type: string | undefined) {
  return useQuery({
    queryKey: keys.type(type ?? ""),
    queryFn: ({ signal }) => get<Type>(`/api/types/${encodeURIComponent(type ?? "")}`, signal),
    enabled: type !== undefined,
    staleTime: declarationsStale,
  });
}

/** `name` is `pack/screen`. */
export function useScreen(name: string) {
  return useQuery({
    queryKey: keys.screen(name),
    queryFn: ({ signal }) => get<Screen>(`/api/screens/${name}`, signal),
    staleTime: declarationsStale,
  });
}

export function useScreenData(name: string) {
  return useQuery({
    queryKey: keys.screenData(name),
    queryFn: ({ signal }) => get<ScreenData>(`/api/screens/${name}/data`, signal),
    refetchInterval: 60_000, // deadlines pass without any change that a hint could tell of
  });
}

export function useItem(type: Type, id: string) {
  return useQuery({
    queryKey: keys.item(type.kind, type.name, id),
    queryFn: ({ signal }) => get<Item>(itemPath(type.kind, type.name, id), signal),
    // How far a job is makes no hint; that it is done does.
    refetchInterval: ({ state }) => (state.data?.case?.jobs?.length ? 1000 : false),
  });
}

export function useHistory(type: Type, id: string) {
  return useQuery({
    queryKey: keys.history(type.name, id),
    queryFn: ({ signal }) => get<Page<HistoryItem>>(`${itemPath(type.kind, type.name, id)}/history`, signal),
  });
}

/** All pages read so far of a list; keeps showing the old rows while a filter changes. */
export function useList(kind: Kind, type: string, params: ListParams) {
  return useInfiniteQuery({
    queryKey: keys.list(kind, type, params),
    queryFn: ({ signal, pageParam }) =>
      get<Page<Item>>(withParams(itemsPath(kind, type), { limit: "50", ...params, after: pageParam }), signal),
    initialPageParam: "",
    getNextPageParam: (last: Page<Item>) => last.next,
    placeholderData: keepPreviousData,
  });
}
