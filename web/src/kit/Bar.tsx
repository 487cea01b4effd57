import "./bar.css";

/** How far a piece of work is, as a bar; `words` says it. Without a total only that it is under way. */
export function ProgressBar({ title, done, total, words }: { title: string; done: number; total: number; words: string }) {
  const known = total > 0;
  return (
    <div
      className="cs-bar"
      role="progressbar"
      aria-label={title}
      aria-valuemin={0}
      aria-valuemax={known ? total : undefined}
      aria-valuenow={known ? Math.min(done, total) : undefined}
      aria-valuetext={words}
    >
      <span className="cs-bar-done" style={{ width: known ? percent(done, total) : "0" }} />
    </div>
  );
}

/** The picture of a share; the words beside it say the same. */
export function ShareBar({ part, whole, className }: { part: number; whole: number; className: string }) {
  return (
    <div className="cs-bar" aria-hidden>
      <span className={className} style={{ width: percent(part, whole) }} />
    </div>
  );
}

function percent(part: number, whole: number): string {
  return `${whole > 0 ? Math.min(100, (100 * part) / whole) : 0}%`;
}
