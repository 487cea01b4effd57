import { CopyOutlined } from "@ant-design/icons";
import { Alert, App, Button } from "antd";
import { useEffect, useRef } from "react";
import { useText } from "../text";
import type { Client } from "./clients";
import "../admin/admin.css";

/** What has to be taken away now: the key, which is shown this once, or the id that signatures name. It takes the focus. */
export function Entered({ client, close }: { client: Client; close: () => void }) {
  const { t } = useText();
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => box.current?.focus(), [client]);
  return (
    <div ref={box} tabIndex={-1} role="status" className="cs-form-alert">
      <Alert
        type={client.key ? "warning" : "success"}
        showIcon
        role="presentation"
        title={t.clients.entered(client.name)}
        description={
          <div className="cs-log">
            <p className="cs-tight">{client.key ? t.clients.keyOnce : t.clients.signsHelp}</p>
            {client.key ? (
              <>
                <Copied name={t.clients.key} text={client.key} title={t.clients.copyKey} />
                <Copied
                  name={t.clients.example}
                  text={`curl -H "Authorization: Bearer ${client.key}" ${location.origin}/api/grants`}
                  title={t.clients.copyExample}
                />
              </>
            ) : (
              <Copied name={t.clients.id} text={client.id} title={t.clients.copyId(client.name)} />
            )}
            <div>
              <Button onClick={close}>{client.key ? t.clients.seen : t.common.close}</Button>
            </div>
          </div>
        }
      />
    </div>
  );
}

function Copied({ name, text, title }: { name: string; text: string; title: string }) {
  const { t } = useText();
  const { message } = App.useApp();
  const clipboard: Clipboard | undefined = navigator.clipboard; // absent on pages without TLS: there the text is to be marked by hand
  const copy = () =>
    void clipboard?.writeText(text).then(
      () => message.success(t.common.copied),
      () => message.error(t.state.errorTitle),
    );
  return (
    <div>
      <p className="cs-tight">
        <strong>{name}</strong>{" "}
        {clipboard ? (
          <Button size="small" icon={<CopyOutlined aria-hidden />} aria-label={title} onClick={copy}>
            {t.common.copy}
          </Button>
        ) : null}
      </p>
      <pre className="cs-pre">{text}</pre>
    </div>
  );
}
