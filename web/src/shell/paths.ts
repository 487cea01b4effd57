import { useParams } from "@tanstack/react-router";
import type { Face, NavItem, View } from "../api/types";

/** The four faces of the application, in the order of the header. Each has its own part of the address space: /office/…, /screen/… */
export const faces: readonly Face[] = ["public", "office", "screen", "admin"];

export function isFace(text: string | undefined): text is Face {
  return faces.some((face) => face === text);
}

export function facePath(face: Face): string {
  return face === "public" ? "/" : `/${face}`;
}

/** The face of the page shown; pages outside any face, such as signing in, belong to the public one. */
export function useFace(): Face {
  const { face } = useParams({ strict: false });
  return isFace(face) ? face : "public";
}

export function screenPath(item: Pick<NavItem, "face" | "name">): string {
  return `/${item.face}/s/${item.name}`;
}

export function typePath(face: Face, type: string): string {
  return `/${face}/t/${encodeURIComponent(type)}`;
}

export function itemHref(face: Face, type: string, id: string): string {
  // The command screen shows boards only; what it links to opens in the office.
  return `${typePath(face === "screen" ? "office" : face, type)}/${encodeURIComponent(id)}`;
}

/** What a type is, or of a dataset its releases. The command screen has no catalogue: that opens in the office. */
export function cataloguePath(face: Face, type: string): string {
  return `/${face === "screen" ? "office" : face}/catalogue/${encodeURIComponent(type)}`;
}

/** One resource that is open to anyone. */
export function openPath(face: Face, type: string): string {
  return `/${face === "screen" ? "office" : face}/open/${encodeURIComponent(type)}`;
}

/** One grant of shared data. */
export function grantPath(face: Face, id: string): string {
  return `/${face === "screen" ? "office" : face}/grant/${encodeURIComponent(id)}`;
}

/** Views that are places to go back to, as against forms, which are things to do. */
export function isPlace(view: View): boolean {
  return view !== "form";
}

/** A list of the user's own cases or records, which a pack marks by its icon. */
export function isMine(item: NavItem): boolean {
  return item.view === "list" && item.of !== undefined && item.icon === "mine";
}

/** Screens of one face in their declared order; those without one come last, by name. */
export function navOf(items: NavItem[] | undefined, face: Face): NavItem[] {
  const last = Number.MAX_SAFE_INTEGER;
  return (items ?? [])
    .filter((item) => item.face === face)
    .sort((a, b) => (a.order ?? last) - (b.order ?? last) || a.name.localeCompare(b.name));
}

/** Screens by pack, packs in the order of their first screen. */
export function byPack(items: NavItem[]): { pack: string; items: NavItem[] }[] {
  const groups = new Map<string, NavItem[]>();
  for (const item of items) groups.set(item.pack, [...(groups.get(item.pack) ?? []), item]);
  return [...groups].map(([pack, members]) => ({ pack, items: members }));
}
