import type { ReactNode } from "react";
import { Alert, Button, Skeleton } from "antd";
import type { UseQueryResult } from "@tanstack/react-query";
import { Link, useRouterState } from "@tanstack/react-router";
import { InboxOutlined } from "@ant-design/icons";
import { Problem } from "../api/problem";
import { useText } from "../text";
import { Page } from "./Page";
import { problemText } from "./problemText";

/** A skeleton that also says in words that something is loading; as the heading, where a whole page is to come. */
export function Loading({ rows = 4, whole }: { rows?: number; whole?: boolean }) {
  const { t } = useText();
  return (
    <div role="status" className="cs-loading">
      {whole ? <h1 className="cs-unseen">{t.common.loading}</h1> : <span className="cs-unseen">{t.common.loading}</span>}
      <Skeleton active title={false} paragraph={{ rows }} />
    </div>
  );
}

/** Says that there is nothing, and what to do next. */
export function Empty({ title, help, children }: { title: string; help?: string; children?: ReactNode }) {
  return (
    <div className="cs-empty">
      <InboxOutlined aria-hidden className="cs-empty-icon" />
      <p className="cs-empty-title">{title}</p>
      {help ? <p className="cs-empty-help">{help}</p> : null}
      {children}
    </div>
  );
}

/** A failed request, with a way onward: sign in when that is what lacks, else try again. */
export function Failure({ error, retry }: { error: unknown; retry?: () => void }) {
  const text = useText();
  const here = useRouterState({ select: (state) => state.location.href });
  const unauthenticated = error instanceof Problem && error.status === 401;
  return (
    <Alert
      type={unauthenticated ? "info" : "error"}
      showIcon
      title={unauthenticated ? text.t.state.needSignIn : text.t.state.errorTitle}
      description={
        <>
          <p className="cs-tight">{unauthenticated ? text.t.state.needSignInHelp : problemText(error, text)}</p>
          <Reasons error={error} />
          {unauthenticated ? (
            <Link to="/login" search={{ next: here }} className="cs-button cs-button-primary">
              {text.t.header.signIn}
            </Link>
          ) : retry ? (
            <Button onClick={retry}>{text.t.common.retry}</Button>
          ) : null}
        </>
      }
    />
  );
}

/** A page that could not be had. */
export function FailedPage({ error, retry }: { error: unknown; retry?: () => void }) {
  const { t } = useText();
  const status = error instanceof Problem ? error.status : 0;
  const title = status === 401 ? t.state.needSignIn : status === 404 ? t.state.notFoundTitle : t.state.errorTitle;
  return (
    <Page title={title} narrow>
      <Failure error={error} retry={retry} />
    </Page>
  );
}

/** The failing conditions that came with a refusal. */
export function Reasons({ error }: { error: unknown }) {
  const { pick } = useText();
  if (!(error instanceof Problem)) return null;
  const reasons = [...error.why, ...error.errors.map((e) => e.message)];
  if (reasons.length === 0) return null;
  return (
    <ul className="cs-reasons">
      {reasons.map((reason, index) => (
        <li key={index}>{pick(reason)}</li>
      ))}
    </ul>
  );
}

/**
 * Shows a query's data, or its loading or failed state. When a refresh fails, what was there stays, with the failure above it. `whole`
 * is for what makes up the whole page, heading and all.
 */
export function Loaded<T>({
  query,
  rows,
  whole,
  children,
}: {
  query: Pick<UseQueryResult<T>, "data" | "error" | "refetch">;
  rows?: number;
  whole?: boolean;
  children: (data: T) => ReactNode;
}) {
  const retry = () => void query.refetch();
  if (query.data === undefined) {
    if (!query.error) return <Loading rows={rows} whole={whole} />;
    return whole ? <FailedPage error={query.error} retry={retry} /> : <Failure error={query.error} retry={retry} />;
  }
  return (
    <>
      {query.error ? <Failure error={query.error} retry={retry} /> : null}
      {children(query.data)}
    </>
  );
}
