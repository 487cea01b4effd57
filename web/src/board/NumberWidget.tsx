import type { NumberData } from "../api/types";
import { formatNumber } from "../kit/format";
import { useText } from "../text";

export function NumberWidget({ data }: { data: NumberData }) {
  const { t, pick } = useText();
  return (
    <div className="cs-figure">
      <span className="cs-figure-value">{formatNumber(data.value) || "–"}</span>
      {data.unit ? <span className="cs-figure-unit">{pick(data.unit)}</span> : null}
      {data.of === undefined || data.of === null ? null : <span className="cs-figure-of">{t.board.of(formatNumber(data.of))}</span>}
      {data.trend && data.trend.length > 1 ? <Spark values={data.trend} label={t.board.trend} /> : null}
    </div>
  );
}

const width = 120;
const height = 36;

/** A line without axes; its values stand in its name. */
function Spark({ values, label }: { values: number[]; label: string }) {
  const least = Math.min(...values);
  const range = Math.max(...values) - least || 1;
  const points = values.map(
    (value, index) => `${(index / (values.length - 1)) * width},${height - 3 - ((value - least) / range) * (height - 6)}`,
  );
  return (
    <svg
      className="cs-spark"
      role="img"
      aria-label={`${label}: ${values.join(", ")}`}
      viewBox={`0 0 ${width} ${height}`}
      width={width}
      height={height}
    >
      <polyline points={points.join(" ")} fill="none" stroke="currentColor" strokeWidth="2" strokeLinejoin="round" />
    </svg>
  );
}
