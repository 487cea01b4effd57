import { Link } from "@tanstack/react-router";
import { useText } from "../text";

/** Chooses the release that the page shows. */
export function ReleaseLink({ version, current }: { version: number; current?: boolean }) {
  const { t } = useText();
  return (
    <Link
      to="."
      search={{ release: String(version) }}
      replace
      resetScroll={false}
      className="cs-release"
      aria-current={current ? "true" : undefined}
    >
      {t.dataset.named(version)}
    </Link>
  );
}
