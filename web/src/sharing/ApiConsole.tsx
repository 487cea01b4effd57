import { Segmented } from "antd";
import { useState } from "react";
import type { IssuedGrant } from "../api/sharing";
import type { Type } from "../api/types";
import { useText } from "../text";
import { clearFields } from "./Delivered";
import { Code } from "./Code";
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
