import type { Built, LawArticle } from "../api/types";
import type { Text } from "../text";

export interface Wanted {
  words: string;
  show: "all" | "overdue" | Built;
}

export const everything: Wanted = { words: "", show: "all" };

/** Whether an article is asked for: by how far it is built, and by words in its text, departments or systems. */
export function matches(article: LawArticle, { words, show }: Wanted, text: Text): boolean {
  if (show === "overdue" ? (article.overdue ?? 0) === 0 : show !== "all" && article.built !== show) return false;
  const wanted = words.trim().toLowerCase();
  if (wanted === "" || article.number === wanted) return true;
  const found = [
    text.t.law.article(article.number),
    text.pick(article.text),
    text.pick(article.about),
    ...(article.departments ?? []),
    ...(article.packs ?? []).map((pack) => text.pick(pack.title)),
  ];
  return found.some((one) => one.toLowerCase().includes(wanted));
}
