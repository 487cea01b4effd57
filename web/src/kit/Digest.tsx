import { CopyOutlined } from "@ant-design/icons";
import { App } from "antd";
import { useText } from "../text";

const shown = 12; // digits: enough to tell two apart at a glance

/** The beginning of a SHA-256 and a button that copies the whole; all of it where the browser does not let pages copy. */
export function Digest({ hex, title }: { hex: string; title: string }) {
  const { t } = useText();
  const { message } = App.useApp();
  const clipboard: Clipboard | undefined = navigator.clipboard; // absent on pages without TLS
  if (!clipboard) return <span className="cs-mono">{hex}</span>;
  const copy = () =>
    void clipboard.writeText(hex).then(
      () => message.success(t.common.copied),
      () => message.error(hex),
    );
  return (
    <span className="cs-digest">
      <code title={hex}>{hex.slice(0, shown)}</code>
      <button type="button" className="cs-icon-button" aria-label={title} title={t.common.copy} onClick={copy}>
        <CopyOutlined aria-hidden />
      </button>
    </span>
  );
}
