import type { Built, LawData } from "../api/types";
import { formatNumber } from "../kit/format";
import { useText } from "../text";
import { BuiltMark } from "./BuiltMark";

/** One square for each article, by how far it is built; with the figures beside it. */
export function LawSummary({ law }: { law: LawData }) {
  const { t } = useText();
  const count = (built: Built) => law.articles.filter((article) => article.built === built).length;
  const sum = (of: (article: LawData["articles"][number]) => number | undefined) =>
    law.articles.reduce((total, article) => total + (of(article) ?? 0), 0);
  return (
    <section className="cs-section cs-law-summary" aria-label={t.law.summary}>
      <ul className="cs-law-figures">
        <Figure built="yes" value={count("yes")} words={t.law.articlesBuilt} />
        <Figure built="part" value={count("part")} words={t.law.articlesPart} />
        <Figure built="no" value={count("no")} words={t.law.articlesNo} />
        <Figure value={sum((article) => article.counts?.open)} words={t.law.openCases} />
        <Figure value={sum((article) => article.overdue)} words={t.law.overdue} />
      </ul>
      <ol className="cs-law-squares">
        {law.articles.map((article) => (
          <li key={article.number}>
            <a
              href={`#article-${article.number}`}
              className={`cs-square cs-square-${article.built}`}
              aria-label={`${t.law.article(article.number)}: ${t.law.built[article.built]}`}
            >
              {article.number}
            </a>
          </li>
        ))}
      </ol>
    </section>
  );
}

function Figure({ built, value, words }: { built?: Built; value: number; words: string }) {
  return (
    <li>
      {built ? <BuiltMark built={built} bare /> : null}
      <strong>{formatNumber(value)}</strong> {words}
    </li>
  );
}
