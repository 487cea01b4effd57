import type { Field } from "../api/types";
import { formatSize } from "../kit/format";
import type { Dictionary } from "../text/zh";

const defaultMaxBytes = 20 * 1024 * 1024; // the server's own, where a field says nothing

export function maxBytes(field: Field): number {
  return field.max_bytes ?? defaultMaxBytes;
}

/** Why a file cannot be sent, found before a byte of it is. */
export function fileFault(file: Pick<File, "name" | "size" | "type">, field: Field, t: Dictionary): string | undefined {
  if (file.size === 0) return t.file.empty(file.name);
  if (file.size > maxBytes(field)) return t.file.tooLarge(file.name, formatSize(maxBytes(field)));
  if (!accepted(file, field.accept)) return t.file.wrongKind(file.name);
  return undefined;
}

/** By media type (`image/*`, `application/pdf`) or by ending (`.csv`), as in HTML's `accept`. */
function accepted(file: Pick<File, "name" | "type">, accept: string[] | undefined): boolean {
  if (!accept?.length) return true;
  return accept.some((one) => {
    if (one.startsWith(".")) return file.name.toLowerCase().endsWith(one.toLowerCase());
    if (one.endsWith("/*")) return file.type.startsWith(one.slice(0, -1));
    return file.type === one;
  });
}
