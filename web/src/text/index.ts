import { createContext, useContext } from "react";
import type { Label } from "../api/types";
import { en } from "./en";
import { zh } from "./zh";
import type { Dictionary } from "./zh";

export type Language = "zh" | "en";

export const dictionaries: Record<Language, Dictionary> = { zh, en };

export interface Text {
  lang: Language;
  t: Dictionary;
  /** The label in the user's language; where that is empty, the other one; a bare string as it is. */
  pick: (label: Label | string | null | undefined) => string;
}

export function pickLabel(lang: Language, label: Label | string | null | undefined): string {
  if (label === null || label === undefined) return "";
  if (typeof label === "string") return label;
  const [first, second] = lang === "zh" ? [label.zh, label.en] : [label.en, label.zh];
  return first || second || "";
}

export function textOf(lang: Language): Text {
  return { lang, t: dictionaries[lang], pick: (label) => pickLabel(lang, label) };
}

const context = createContext<Text>(textOf("zh"));

export const TextProvider = context.Provider;

export function useText(): Text {
  return useContext(context);
}

/** The act's name without its type: `incident.report` is `report`. */
export function verbName(verb: string): string {
  return verb.slice(verb.lastIndexOf(".") + 1);
}

/** The word for a code when the dictionary has one, else the code itself: packs may declare codes that this program does not know. */
export function wordFor(words: Readonly<Record<string, string>>, code: string | undefined): string {
  if (code === undefined) return "";
  return Object.hasOwn(words, code) ? (words[code] ?? code) : code;
}
