import { useText } from "../text";

export function SkipLink() {
  const { t } = useText();
  return (
    <a className="cs-skip" href="#main">
      {t.header.skip}
    </a>
  );
}
