import type { CaseJob, Item } from "../api/types";
import { ProgressBar } from "../kit/Bar";
import { Section } from "../kit/Page";
import { useText, wordFor } from "../text";
import type { Text } from "../text";

/** What the program is doing for the case, and how far it is. */
export function Work({ item }: { item: Item }) {
  const text = useText();
  const { t } = text;
  const jobs = item.case?.jobs ?? [];
  if (jobs.length === 0) return null;
  return (
    <Section title={t.dataset.work}>
      {jobs.map((job) => (
        <div key={job.id}>
          <p className="cs-tight">{words(job, text)}</p>
          <ProgressBar title={t.dataset.work} done={job.done ?? 0} total={job.total ?? 0} words={words(job, text)} />
        </div>
      ))}
      <p className="cs-help">{t.dataset.workWait}</p>
    </Section>
  );
}

function words({ state, note, done = 0, total = 0 }: CaseJob, { t, pick }: Text): string {
  const percent = total > 0 ? `${Math.floor((100 * Math.min(done, total)) / total)}%` : "";
  return [wordFor(t.dataset.jobStates, state), pick(note), percent].filter(Boolean).join(" · ");
}
