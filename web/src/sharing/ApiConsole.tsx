import { CopyOutlined } from "@ant-design/icons";
import { App, Button, Segmented } from "antd";
import { useState } from "react";
import type { IssuedGrant } from "../api/sharing";
import type { Type } from "../api/types";
import { Section } from "../kit/Page";
import { useText } from "../text";
import { clearFields } from "./Delivered";
import { codeOf } from "./code";
import type { Call, Language } from "./code";
import { grantApi } from "./grants";

/** What a program sends to use the grant, ready to copy, with the address of this very city. */
export function ApiConsole({ grant, type }: { grant: IssuedGrant; type: Type }) {
  const { t } = useText();
  const [language, setLanguage] = useState<Language>("curl");
  const base = `${window.location.origin}${grantApi(grant.id)}`;
  const filter = clearFields(grant, type, type.filters).find((field) => field.type === "choice");
  const where = filter?.choices?.[0] ? [{ field: filter.name, in: [filter.choices[0].value] }] : [];
  const calls: [keyof typeof t.sharing.apiNames, Call][] = [
    ...(grant.key ? [["lookup", { method: "POST", url: `${base}/lookup`, body: { keys: [grant.key.toUpperCase()] } }] as [ "lookup", Call ]] : []),
    ["query", { method: "POST", url: `${base}/query`, body: { where, limit: 50 } }],
    ["file", { method: "GET", url: `${base}/file?format=csv`, file: `${grant.resource}.csv` }],
  ];
  return (
    <>
      <div className="cs-row">
        <Segmented<Language>
          aria-label={t.sharing.ways.api}
          value={language}
          onChange={setLanguage}
          options={[
            { value: "curl", label: "curl" },
            { value: "js", label: "JavaScript" },
          ]}
        />
        <span className="cs-muted">{t.sharing.apiHelp}</span>
      </div>
      {calls.map(([name, call]) => (
        <Code key={name} title={t.sharing.apiNames[name]} code={codeOf(call, language)} />
      ))}
    </>
  );
}

function Code({ title, code }: { title: string; code: string }) {
  const { t } = useText();
  const { message } = App.useApp();
  const copy = () =>
    void navigator.clipboard.writeText(code).then(
      () => message.success(t.common.copied),
      () => message.error(t.problem.internal),
    );
  return (
    <Section
      plain
      title={title}
      extra={
        navigator.clipboard ? ( // absent on pages without TLS
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
