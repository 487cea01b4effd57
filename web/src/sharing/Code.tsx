import { CopyOutlined } from "@ant-design/icons";
import { App, Button } from "antd";
import { Section } from "../kit/Page";
import { useText } from "../text";

/** A piece of program to copy. */
export function Code({ title, code }: { title: string; code: string }) {
  const { t } = useText();
  const { message } = App.useApp();
  const clipboard: Clipboard | undefined = navigator.clipboard; // absent on pages without TLS
  const copy = () =>
    void clipboard.writeText(code).then(
      () => message.success(t.common.copied),
      () => message.error(t.problem.internal),
    );
  return (
    <Section
      plain
      title={title}
      extra={
        clipboard ? (
          <Button size="small" icon={<CopyOutlined aria-hidden />} aria-label={t.sharing.copyCode(title)} onClick={copy}>
            {t.common.copy}
          </Button>
        ) : null
      }
    >
      <pre className="cs-code" tabIndex={0} role="group" aria-label={title}>
        <code>{code}</code>
      </pre>
    </Section>
  );
}
