import { formatDate } from "../kit/time";
import { useText } from "../text";
import { useReleases } from "./releases";

/** Which release of a dataset is the latest, and of when. */
export function LatestRelease({ dataset }: { dataset: string }) {
  const { t } = useText();
  const latest = useReleases(dataset).data?.pages[0]?.items[0];
  if (!latest) return null;
  return (
    <div className="cs-muted">
      {t.dataset.named(latest.version)} <time dateTime={latest.at}>{formatDate(latest.at)}</time>
    </div>
  );
}
