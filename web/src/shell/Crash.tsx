import { Alert, Button } from "antd";
import type { ErrorComponentProps } from "@tanstack/react-router";
import { useText } from "../text";

/** A mistake in a page leaves the frame around it standing, and says how to go on. */
export function Crash({ error }: ErrorComponentProps) {
  const { t } = useText();
  return (
    <Alert
      type="error"
      showIcon
      role="alert"
      title={t.state.crashTitle}
      description={
        <>
          <p>{t.state.crashHelp}</p>
          <p className="cs-mono">{error instanceof Error ? error.message : String(error)}</p>
          <Button onClick={() => location.reload()}>{t.common.reload}</Button>
        </>
      }
    />
  );
}
