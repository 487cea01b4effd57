import { Alert, App, Button } from "antd";
import { useState } from "react";
import { problemText } from "../kit/problemText";
import { useText } from "../text";

/** Explains that somebody else was faster, and offers to go on from what they left. */
export function Conflict({ reload }: { reload: () => Promise<void> }) {
  const text = useText();
  const { t } = text;
  const { message } = App.useApp();
  const [busy, setBusy] = useState(false);
  const run = async () => {
    setBusy(true);
    try {
      await reload();
      message.info(t.conflict.reloaded);
    } catch (error) {
      message.error(problemText(error, text));
    } finally {
      setBusy(false);
    }
  };
  return (
    <Alert
      type="warning"
      showIcon
      role="alert"
      className="cs-form-alert"
      title={t.conflict.title}
      description={
        <>
          <p className="cs-tight">{t.conflict.help}</p>
          <Button onClick={() => void run()} loading={busy}>
            {t.conflict.reload}
          </Button>
        </>
      }
    />
  );
}
