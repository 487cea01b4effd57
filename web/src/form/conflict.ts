import { useState } from "react";
import { useQueryClient } from "@tanstack/react-query";
import { get } from "../api/client";
import { keys } from "../api/keys";
import { Problem } from "../api/problem";
import { itemPath } from "../api/query";
import type { Item, Type } from "../api/types";

/** Whether a write failed because somebody else wrote first. */
export function isStale(error: unknown): boolean {
  return error instanceof Problem && error.code === "stale-revision";
}

/** The item as it was when a form was opened, and how to go on from the latest one. */
export function useBase(type: Type, opened: Item): { base: Item; rebase: () => Promise<Item> } {
  const client = useQueryClient();
  const [base, setBase] = useState(opened);
  const rebase = async () => {
    const latest = await get<Item>(itemPath(type.kind, type.name, base.id));
    client.setQueryData(keys.item(type.kind, type.name, base.id), latest);
    setBase(latest);
    return latest;
  };
  return { base, rebase };
}
