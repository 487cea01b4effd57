import { Alert, Button, Form, Input } from "antd";
import { useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { keys } from "../api/keys";
import type { DemoAccount, Session } from "../api/types";
import { Page, Section } from "../kit/Page";
import { problemText } from "../kit/problemText";
import { facePath } from "../shell/paths";
import { useText } from "../text";
import "../form/form.css";
import { homeFace, useSession, useSignIn } from "./session";
import type { Credentials } from "./session";

/** Where to go on to after signing in: only a path of this application, never another site. */
export function safeNext(next: string | undefined): string | undefined {
  return next !== undefined && /^\/(?![/\\])/.test(next) && !next.startsWith("/login") ? next : undefined;
}

/** Goes back to where signing in was asked for, or to the person's own face. */
export function useGoOn() {
  const navigate = useNavigate();
  const client = useQueryClient();
  const { next } = useSearch({ strict: false });
  return () => {
    const session = client.getQueryData<Session>(keys.session);
    const home = session === undefined ? "/" : facePath(homeFace(session));
    void navigate({ href: safeNext(next) ?? home });
  };
}

export function SignInPage() {
  const text = useText();
  const { t } = text;
  const { next } = useSearch({ strict: false });
  const session = useSession();
  const signIn = useSignIn();
  const goOn = useGoOn();
  const submit = (credentials: Credentials) => signIn.mutate(credentials, { onSuccess: goOn });
  return (
    <Page title={t.session.signInTitle} narrow>
      <div className="cs-signin">
        <section className="cs-section">
          {signIn.error ? (
            <Alert type="error" showIcon role="alert" title={problemText(signIn.error, text)} className="cs-form-alert" />
          ) : null}
          <Form<Credentials> layout="vertical" requiredMark={false} onFinish={submit}>
            <Form.Item
              name="account"
              label={t.session.account}
              rules={[{ required: true, message: t.form.requiredMessage(t.session.account) }]}
            >
              <Input autoComplete="username" size="large" />
            </Form.Item>
            <Form.Item
              name="password"
              label={t.session.password}
              rules={[{ required: true, message: t.form.requiredMessage(t.session.password) }]}
            >
              <Input type="password" autoComplete="current-password" size="large" />
            </Form.Item>
            <div className="cs-row">
              <Button type="primary" htmlType="submit" size="large" loading={signIn.isPending}>
                {t.session.signIn}
              </Button>
              <Link to="/register" search={{ next }}>
                {t.session.toRegister}
              </Link>
            </div>
          </Form>
        </section>
        {session.data?.demo?.length ? <Demo accounts={session.data.demo} busy={signIn.isPending} use={submit} /> : null}
      </div>
    </Page>
  );
}

function Demo({ accounts, busy, use }: { accounts: DemoAccount[]; busy: boolean; use: (credentials: Credentials) => void }) {
  const { t, pick } = useText();
  return (
    <Section title={t.session.demoTitle}>
      <p className="cs-muted">{t.session.demoHelp}</p>
      <ul className="cs-demo">
        {accounts.map(({ account, password, title }) => (
          <li key={account}>
            <button
              type="button"
              className="cs-demo-button"
              disabled={busy}
              title={t.session.demoUse(pick(title))}
              onClick={() => use({ account, password })}
            >
              <strong>{pick(title)}</strong>
              <span className="cs-muted">{account}</span>
            </button>
          </li>
        ))}
      </ul>
    </Section>
  );
}
