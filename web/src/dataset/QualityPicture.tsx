import type { Quality } from "../api/dataset";
import { ShareBar } from "../kit/Bar";
import { formatNumber } from "../kit/format";
import { useText, wordFor } from "../text";
import { Findings } from "./Findings";

/** How many rows of a file were good, and what was wrong with the others: in a sentence, and as bars beside their figures. */
export function QualityPicture({ quality, fieldTitle }: { quality: Quality; fieldTitle: (field: string) => string }) {
  const { t, pick } = useText();
  const { rows, good, bad } = quality;
  const rules = [...(quality.rules ?? [])].sort((a, b) => b.rows - a.rows);
  const words =
    rows === 0
      ? t.dataset.qualityNone
      : bad === 0
        ? t.dataset.qualityAll(formatNumber(rows))
        : t.dataset.qualityPart(formatNumber(rows), formatNumber(good), formatNumber(bad), share(good, rows));
  return (
    <div className="cs-quality">
      <p className="cs-tight">{words}</p>
      <div className="cs-bar" aria-hidden>
        <span className="cs-bar-good" style={{ flexGrow: good }} />
        <span className="cs-bar-bad" style={{ flexGrow: bad, minWidth: bad > 0 ? 3 : 0 }} />
      </div>
      <ul className="cs-legend">
        <li>
          <ShareBar part={1} whole={1} className="cs-bar-good" /> {`${t.dataset.good} ${formatNumber(good)}`}
        </li>
        <li>
          <ShareBar part={1} whole={1} className="cs-bar-bad" /> {`${t.dataset.bad} ${formatNumber(bad)}`}
        </li>
      </ul>
      {rules.length > 0 ? (
        <>
          <h3>{t.dataset.reasons}</h3>
          <ul className="cs-rules">
            {rules.map(({ field, rule, rows: broken, text }) => (
              <li key={`${field ?? ""}:${rule}`}>
                <span>{`${field ? fieldTitle(field) : t.dataset.wholeRow} · ${text ? pick(text) : wordFor(t.dataset.rules, rule)}`}</span>
                <ShareBar part={broken} whole={bad} className="cs-bar-bad" />
                <span className="cs-number">{t.dataset.rowCount(formatNumber(broken))}</span>
              </li>
            ))}
          </ul>
          <p className="cs-help">{t.dataset.reasonsHelp}</p>
        </>
      ) : null}
      <Findings quality={quality} fieldTitle={fieldTitle} />
    </div>
  );
}

/** `92.3%`, rounded down, so that only all is 100%. */
export function share(part: number, whole: number): string {
  return `${Math.floor((1000 * part) / whole) / 10}%`;
}
