import { useState } from "react";
import { useScreenData } from "../api/queries";
import type { LawArticle, LawChapter, LawData, Screen } from "../api/types";
import { Page } from "../kit/Page";
import { Empty, Loaded } from "../kit/states";
import { read } from "../board/data";
import { useText } from "../text";
import { ArticleCard } from "./ArticleCard";
import { LawFilter } from "./LawFilter";
import { LawSummary } from "./LawSummary";
import { everything, matches } from "./filter";
import { articleNumeral } from "./numerals";
import type { Wanted } from "./filter";
import "./law.css";

/** The law's front page: each article with who answers for it, which systems carry it out, how far they are built, and what is overdue. */
export function LawView({ screen }: { screen: Screen }) {
  const { t, pick } = useText();
  const data = useScreenData(screen.name);
  return (
    <Loaded whole query={data} rows={12}>
      {({ widgets }) => {
        const law = Object.values(widgets)
          .map(read.law)
          .find((one) => one !== undefined);
        return (
          <Page title={pick(law?.title) || pick(screen.title)} lead={law?.in_force ? t.law.inForce(law.in_force) : pick(screen.about)}>
            {law ? <Law law={law} /> : <Empty title={t.law.missing} />}
          </Page>
        );
      }}
    </Loaded>
  );
}

function Law({ law }: { law: LawData }) {
  const text = useText();
  const [wanted, setWanted] = useState<Wanted>(everything);
  const byNumber = new Map(law.articles.map((article) => [article.number, article]));
  const shown = new Set(law.articles.filter((article) => matches(article, wanted, text)).map((article) => article.number));
  const chapters = law.chapters
    .map((chapter) => ({
      ...chapter,
      found: chapter.articles.flatMap((number): LawArticle[] =>
        shown.has(number) ? [byNumber.get(number)].filter((one) => one !== undefined) : [],
      ),
    }))
    .filter((chapter) => chapter.found.length > 0);
  const { t, lang, pick } = text;
  const heading = ({ number, title }: LawChapter) => t.law.chapter(articleNumeral(String(number), lang), pick(title));
  return (
    <>
      <LawSummary law={law} />
      <LawFilter wanted={wanted} change={setWanted} />
      <div className="cs-law">
        <nav className="cs-law-nav" aria-label={t.law.chapterNav}>
          <ol>
            {chapters.map((chapter) => (
              <li key={chapter.number}>
                <a href={`#chapter-${chapter.number}`}>{heading(chapter)}</a>
              </li>
            ))}
          </ol>
        </nav>
        <div className="cs-stack">
          {chapters.length === 0 ? <Empty title={t.law.none} help={t.law.noneHelp} /> : null}
          {chapters.map((chapter) => (
            <section key={chapter.number} aria-labelledby={`chapter-${chapter.number}`} className="cs-chapter">
              <h2 id={`chapter-${chapter.number}`} tabIndex={-1}>
                {heading(chapter)}
              </h2>
              {chapter.found.map((article) => (
                <ArticleCard key={article.number} article={article} />
              ))}
            </section>
          ))}
        </div>
      </div>
    </>
  );
}
