import type { TypeSummary } from "../api/types";
import type { ListParams } from "../api/query";
import { splitValues } from "../api/query";

/** What the catalogue is narrowed by, in the order shown. */
export const facets = ["owner", "kind", "level", "sharing", "opening", "cycle", "pack"] as const;
export type Facet = (typeof facets)[number];

/** The values of a facet that are chosen, as they stand in the address; none means any. */
export function chosenIn(params: ListParams, facet: Facet): string[] {
  return splitValues(params[facet]);
}

function keeps(type: TypeSummary, params: ListParams, except?: Facet): boolean {
  return facets.every((facet) => {
    const chosen = chosenIn(params, facet);
    return facet === except || chosen.length === 0 || chosen.includes(type[facet] ?? "");
  });
}

export function narrowed(types: TypeSummary[], params: ListParams): TypeSummary[] {
  return types.filter((type) => keeps(type, params));
}

export interface FacetValue {
  value: string;
  count: number;
}

/** How many there would be with each value of a facet, given what the other facets narrow; a chosen value stays even when there are none. */
export function countsOf(types: TypeSummary[], params: ListParams, facet: Facet): FacetValue[] {
  const counts = new Map(chosenIn(params, facet).map((value) => [value, 0]));
  for (const type of types) {
    const value = type[facet];
    if (value && keeps(type, params, facet)) counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  return [...counts].map(([value, count]) => ({ value, count })).sort((a, b) => b.count - a.count || a.value.localeCompare(b.value));
}

/** The parameter after a value was chosen or given up; empty when none is chosen. */
export function toggled(params: ListParams, facet: Facet, value: string, on: boolean): string {
  const others = chosenIn(params, facet).filter((one) => one !== value);
  return (on ? [...others, value] : others).join(",");
}
