import { Alert, Button, Form, Input } from "antd";
import { useEffect } from "react";
import { Link, useSearch } from "@tanstack/react-router";
import { Problem, fieldErrors } from "../api/problem";
import { Page } from "../kit/Page";
import { problemText } from "../kit/problemText";
import { useText } from "../text";
import { useRegister } from "./session";
import type { Registration } from "./session";
import { useGoOn } from "./SignIn";

const fields = ["account", "password", "name", "phone"] as const;
const minPassword = 10;

/** A citizen registers with name and mobile number. */
export function RegisterPage() {
  const text = useText();
  const { t, pick } = text;
  const { next } = useSearch({ strict: false });
  const register = useRegister();
  const goOn = useGoOn();
  const [form] = Form.useForm<Registration>();
  const error = register.error;

  useEffect(() => {
    if (!(error instanceof Problem)) return;
    const { byField } = fieldErrors(error, fields);
    for (const name of fields) form.setFields([{ name, errors: (byField.get(name) ?? []).map((message) => pick(message)) }]);
  }, [error, form, pick]);

  const required = (label: string) => ({ required: true, message: t.form.requiredMessage(label) });
  return (
    <Page title={t.session.registerTitle} narrow>
      <section className="cs-section">
        {error ? <Alert type="error" showIcon role="alert" title={problemText(error, text)} className="cs-form-alert" /> : null}
        <Form<Registration>
          form={form}
          layout="vertical"
          requiredMark={false}
          onFinish={(values) => register.mutate(values, { onSuccess: goOn })}
        >
          <Form.Item name="name" label={t.session.name} rules={[required(t.session.name)]}>
            <Input autoComplete="name" size="large" />
          </Form.Item>
          <Form.Item name="phone" label={t.session.phone} rules={[required(t.session.phone)]}>
            <Input type="tel" inputMode="tel" autoComplete="tel" size="large" />
          </Form.Item>
          <Form.Item name="account" label={t.session.account} rules={[required(t.session.account)]}>
            <Input autoComplete="username" size="large" />
          </Form.Item>
          <Form.Item
            name="password"
            label={t.session.password}
            extra={t.session.passwordHelp}
            rules={[required(t.session.password), { min: minPassword, message: t.session.passwordHelp }]}
          >
            <Input type="password" autoComplete="new-password" size="large" />
          </Form.Item>
          <div className="cs-row">
            <Button type="primary" htmlType="submit" size="large" loading={register.isPending}>
              {t.session.register}
            </Button>
            <Link to="/login" search={{ next }}>
              {t.session.toSignIn}
            </Link>
          </div>
        </Form>
      </section>
    </Page>
  );
}
