import { SafetyCertificateOutlined } from "@ant-design/icons";
import { App, Button } from "antd";
import { useMutation } from "@tanstack/react-query";
import { problemOf } from "../api/problem";
import { itemPath } from "../api/query";
import type { Type } from "../api/types";
import { problemText } from "../kit/problemText";
import { save } from "../kit/save";
import { useText } from "../text";

/** Downloads the evidence of one record or case: a file that anyone can check offline. Shown to those who may take it. */
export function EvidenceLink({ type, id, name }: { type: Type; id: string; name: string }) {
  const text = useText();
  const { t } = text;
  const { message } = App.useApp();
  const download = useMutation({
    mutationFn: () => fetchBundle(`${itemPath(type.kind, type.name, id)}/evidence`, name),
    onSuccess: () => void message.success(t.item.evidenceSaved),
    onError: (error) => void message.error(problemText(error, text)),
  });
  if (type.may?.evidence === false) return null;
  return (
    <Button
      icon={<SafetyCertificateOutlined aria-hidden />}
      title={t.item.evidenceHelp}
      loading={download.isPending}
      onClick={() => download.mutate()}
    >
      {t.item.evidence}
    </Button>
  );
}

/** Fetched first, and only then saved, so that a refusal is shown as a sentence and not saved as a file. */
async function fetchBundle(path: string, name: string): Promise<void> {
  const response = await fetch(path, { credentials: "same-origin" });
  if (!response.ok) throw await problemOf(response);
  save(await response.blob(), fileName(response.headers.get("Content-Disposition")) ?? `evidence-${name}.json`);
}

export function fileName(disposition: string | null): string | undefined {
  return /filename="?([^";]+)"?/.exec(disposition ?? "")?.[1];
}
