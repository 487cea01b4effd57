import { Alert, Button, Form, Input } from "antd";
import { useEffect } from "react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { get, post } from "../api/client";
import { keys } from "../api/keys";
import { Problem, fieldErrors } from "../api/problem";
import { Section } from "../kit/Page";
import { problemText } from "../kit/problemText";
import { useText } from "../text";
import "../form/form.css";
import type { Identity } from "./reads";

interface Proof {
  name: string;
  number: string;
}

const fields = ["name", "number"] as const;
const numberForm = /^\s*\d{17}[\dXx]\s*$/;

/** Citizens prove which record in the register of persons is theirs; once they have, says so. */
export function ProofSection() {
  const { t } = useText();
  const identity = useQuery({ queryKey: keys.identity, queryFn: ({ signal }) => get<Identity>("/api/me/identity", signal) });
  if (identity.data?.linked) return <Alert type="success" showIcon role="status" title={t.reads.linked} className="cs-form-alert" />;
  return identity.data?.offered ? <ProofForm /> : null;
}

function ProofForm() {
  const text = useText();
  const { t, pick } = text;
  const client = useQueryClient();
  const [form] = Form.useForm<Proof>();
  const prove = useMutation({
    mutationFn: (proof: Proof) => post<Identity>("/api/me/identity", proof),
    onSuccess: async (identity) => {
      client.setQueryData(keys.identity, identity);
      await client.invalidateQueries({ queryKey: keys.reads });
    },
  });
  const error = prove.error;

  useEffect(() => {
    if (!(error instanceof Problem)) return;
    const { byField } = fieldErrors(error, fields);
    for (const name of fields) form.setFields([{ name, errors: (byField.get(name) ?? []).map((message) => pick(message)) }]);
  }, [error, form, pick]);

  const required = (label: string) => ({ required: true, message: t.form.requiredMessage(label) });
  return (
    <Section title={t.reads.proveTitle}>
      <p className="cs-muted">{t.reads.proveHelp}</p>
      {error ? <Alert type="error" showIcon role="alert" title={problemText(error, text)} className="cs-form-alert" /> : null}
      <Form<Proof> form={form} layout="vertical" requiredMark={false} style={{ maxWidth: "30em" }} onFinish={(proof) => prove.mutate(proof)}>
        <Form.Item name="name" label={t.reads.proveName} rules={[required(t.reads.proveName)]}>
          <Input autoComplete="name" maxLength={100} />
        </Form.Item>
        <Form.Item
          name="number"
          label={t.reads.proveNumber}
          rules={[required(t.reads.proveNumber), { pattern: numberForm, message: t.reads.proveNumberRule }]}
        >
          <Input autoComplete="off" spellCheck={false} />
        </Form.Item>
        <Button type="primary" htmlType="submit" loading={prove.isPending}>
          {t.reads.prove}
        </Button>
      </Form>
    </Section>
  );
}
