import type { Item } from "../api/types";

/** The process by which files are loaded; the server answers for the failures of its cases alone. */
export const loads = "data-load";

/** The part of a load's page that tells of the rows not taken. */
export const failuresId = "rows-not-taken";

/** The check whose findings stand: none before the first, nor while the file is checked again. */
export function batchOf(item: Item): string {
  const { batch } = item.fields;
  return typeof batch === "string" && !item.case?.jobs?.length ? batch : "";
}
