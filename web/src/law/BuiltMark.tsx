import { CheckCircleFilled, ClockCircleOutlined, MinusCircleOutlined } from "@ant-design/icons";
import type { Built } from "../api/types";
import { useText } from "../text";

const icons = { yes: CheckCircleFilled, part: ClockCircleOutlined, no: MinusCircleOutlined };

/** How far an article is built: sign, word, and only then colour. */
export function BuiltMark({ built, bare }: { built: Built; bare?: boolean }) {
  const { t } = useText();
  const Icon = icons[built] ?? MinusCircleOutlined;
  return (
    <span className={`cs-built cs-built-${built}`}>
      <Icon aria-hidden /> {bare ? null : t.law.built[built]}
    </span>
  );
}
