import { ExclamationCircleFilled, RightOutlined } from "@ant-design/icons";
import { Link } from "@tanstack/react-router";
import { useNavItems } from "../api/queries";
import type { LawArticle } from "../api/types";
import { formatNumber } from "../kit/format";
import { screenPath } from "../shell/paths";
import { useText } from "../text";
import { BuiltMark } from "./BuiltMark";
import { articleNumeral } from "./numerals";

/** One article: its text, and what stands behind it. */
export function ArticleCard({ article }: { article: LawArticle }) {
  const { t, lang, pick } = useText();
  const { counts } = article;
  const about = lang === "en" || pick(article.text) === "" ? pick(article.about) : "";
  return (
    <article id={`article-${article.number}`} className="cs-article" aria-labelledby={`article-${article.number}-title`} tabIndex={-1}>
      <header>
        <h3 id={`article-${article.number}-title`}>{t.law.article(articleNumeral(article.number, lang))}</h3>
        <BuiltMark built={article.built} />
        {article.overdue ? (
          <span className="cs-light cs-light-red">
            <ExclamationCircleFilled aria-hidden /> {t.law.overdueCount(article.overdue)}
          </span>
        ) : null}
      </header>
      {about ? <p>{about}</p> : null}
      <p className="cs-article-text" lang="zh-CN">
        {typeof article.text === "string" ? article.text : article.text.zh}
      </p>
      <dl className="cs-article-facts">
        {article.departments?.length ? (
          <div>
            <dt>{t.law.departments}</dt>
            <dd>{article.departments.join(t.common.separator)}</dd>
          </div>
        ) : null}
        <div>
          <dt>{t.law.packs}</dt>
          <dd>
            {article.packs?.length
              ? article.packs
                  .map((pack) => `${pick(pack.title) || pack.name}${pack.built === false ? `（${t.law.built.no}）` : ""}`)
                  .join(t.common.separator)
              : article.built === "yes"
                ? t.law.noneNeeded
                : t.law.noPacks}
          </dd>
        </div>
      </dl>
      {counts && (counts.records || counts.open || counts.closed) ? (
        <p className="cs-muted cs-number cs-tight">
          {t.law.counts(formatNumber(counts.records ?? 0), formatNumber(counts.open ?? 0), formatNumber(counts.closed ?? 0))}
        </p>
      ) : null}
      <Ways screens={article.screens ?? []} />
    </article>
  );
}

/** Screens of this article that the reader may open. */
function Ways({ screens }: { screens: string[] }) {
  const { pick } = useText();
  const nav = useNavItems();
  const open = (nav.data ?? []).filter((item) => screens.includes(item.name));
  if (open.length === 0) return null;
  return (
    <ul className="cs-article-ways">
      {open.map((item) => (
        <li key={item.name}>
          <Link to={screenPath(item)}>
            {pick(item.title)} <RightOutlined aria-hidden />
          </Link>
        </li>
      ))}
    </ul>
  );
}
