import { Alert, Button, Form, Input, InputNumber, Radio } from "antd";
import { useEffect } from "react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { post } from "../api/client";
import { keys } from "../api/keys";
import { Problem, fieldErrors } from "../api/problem";
import { ReferenceSelect } from "../form/ReferenceSelect";
import { Choose } from "../kit/Choose";
import { problemText } from "../kit/problemText";
import { useText } from "../text";
import type { Client, MayEnter } from "./clients";
import "../form/form.css";

interface Values {
  /** The index in what may be entered. */
  whom: number;
  org?: string;
  name: string;
  days: number;
  per_minute: number;
  how: "key" | "signature";
  public_key?: string;
}

const fields = ["whom", "org", "name", "days", "per_minute", "how", "public_key"] as const;
const maxDays = 730;
const start = { whom: 0, name: "", days: 365, per_minute: 0, how: "key" } as const;

/** The form that enters a client. */
export function NewClient({ may, entered }: { may: MayEnter[]; entered: (client: Client) => void }) {
  const text = useText();
  const { t, pick } = text;
  const queries = useQueryClient();
  const [form] = Form.useForm<Values>();
  const how = Form.useWatch("how", form);
  const whom = may[Form.useWatch("whom", form) ?? 0] ?? may[0];
  const add = useMutation({
    mutationFn: ({ org, name, days, per_minute, public_key, how }: Values) =>
      post<Client>("/api/clients", {
        name: name.trim(),
        org: whom?.org ?? org ?? "",
        role: whom?.role ?? "",
        days: days ?? 0,
        per_minute: per_minute ?? 0,
        ...(how === "signature" ? { public_key } : {}),
      }),
    onSuccess: (client) => {
      entered(client);
      form.resetFields();
      void queries.invalidateQueries({ queryKey: keys.clients });
    },
  });
  const error = add.error;

  useEffect(() => {
    if (!(error instanceof Problem)) return;
    const { byField } = fieldErrors(error, fields);
    for (const name of fields) form.setFields([{ name, errors: (byField.get(name) ?? []).map((message) => pick(message)) }]);
  }, [error, form, pick]);

  const required = (label: string) => ({ required: true, message: t.form.requiredMessage(label) });
  const titleOf = (one: MayEnter) => [pick(one.org_name), pick(one.title)].filter(Boolean).join(" · ");
  return (
    <>
      {error ? <Alert type="error" showIcon role="alert" title={problemText(error, text)} className="cs-form-alert" /> : null}
      <Form<Values> form={form} layout="vertical" requiredMark={false} initialValues={start} onFinish={(values) => add.mutate(values)}>
        <Form.Item name="whom" label={t.clients.whom}>
          <Choose title={t.clients.whom} options={may.map((one, index) => ({ value: index, label: titleOf(one) }))} />
        </Form.Item>
        {whom?.org === undefined ? (
          <Form.Item
            name="org"
            label={t.clients.org}
            rules={[required(t.clients.org)]}
            getValueProps={(org?: string) => ({ value: org === undefined ? [] : [org] })}
            getValueFromEvent={(chosen: string[]) => chosen[0]}
          >
            <ReferenceSelect title={t.clients.org} to="org" value={[]} onChange={() => undefined} />
          </Form.Item>
        ) : null}
        <Form.Item name="name" label={t.clients.name} extra={t.clients.nameHelp} rules={[required(t.clients.name)]}>
          <Input maxLength={100} autoComplete="off" />
        </Form.Item>
        <Form.Item name="days" label={t.clients.days} extra={t.clients.daysHelp} rules={[required(t.clients.days)]}>
          <InputNumber min={1} max={maxDays} precision={0} />
        </Form.Item>
        <Form.Item name="per_minute" label={t.clients.perMinute} extra={t.clients.perMinuteHelp}>
          <InputNumber min={0} max={1_000_000} precision={0} />
        </Form.Item>
        <Form.Item name="how" label={t.clients.how} extra={how === "signature" ? t.clients.bySignatureHelp : t.clients.byKeyHelp}>
          <Radio.Group
            aria-label={t.clients.how}
            options={[
              { value: "key", label: t.clients.byKey },
              { value: "signature", label: t.clients.bySignature },
            ]}
          />
        </Form.Item>
        {how === "signature" ? (
          <Form.Item name="public_key" label={t.clients.publicKey} extra={t.clients.publicKeyHelp} rules={[required(t.clients.publicKey)]}>
            <Input.TextArea autoSize={{ minRows: 4, maxRows: 10 }} className="cs-mono" spellCheck={false} />
          </Form.Item>
        ) : null}
        <Button type="primary" htmlType="submit" loading={add.isPending}>
          {t.clients.enter}
        </Button>
      </Form>
    </>
  );
}
