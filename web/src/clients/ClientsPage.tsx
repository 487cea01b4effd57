import { App, Button } from "antd";
import { useState } from "react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { remove } from "../api/client";
import { keys } from "../api/keys";
import { DataTable } from "../kit/DataTable";
import { Digest } from "../kit/Digest";
import { useNow } from "../kit/now";
import { Page, Section } from "../kit/Page";
import { problemText } from "../kit/problemText";
import { Empty, Failure, Loading } from "../kit/states";
import { formatDate } from "../kit/time";
import { useText } from "../text";
import type { Text } from "../text";
import { Entered } from "./Entered";
import { NewClient } from "./NewClient";
import { useClients } from "./clients";
import type { Client, MayEnter } from "./clients";

/** The programs that call the API for one's organisation: who they are, a new one, and the end of one. */
export function ClientsPage() {
  const { t } = useText();
  const clients = useClients();
  const [entered, setEntered] = useState<Client>();
  const pages = clients.data?.pages ?? [];
  const may = pages[0]?.may ?? [];
  const rows = pages.flatMap((page) => page.items);
  return (
    <Page title={t.clients.title} lead={t.clients.lead}>
      {entered ? <Entered client={entered} close={() => setEntered(undefined)} /> : null}
      {may.length > 0 ? (
        <Section title={t.clients.add}>
          <NewClient may={may} entered={setEntered} />
        </Section>
      ) : null}
      <Section title={t.clients.list} plain>
        {clients.error ? (
          <Failure error={clients.error} retry={() => void clients.refetch()} />
        ) : clients.isPending ? (
          <Loading />
        ) : rows.length === 0 ? (
          <Empty title={t.clients.empty} help={may.length > 0 ? t.clients.emptyHelp : undefined} />
        ) : (
          <Rows rows={rows} may={may} />
        )}
        {clients.hasNextPage ? (
          <Button loading={clients.isFetchingNextPage} onClick={() => void clients.fetchNextPage()}>
            {t.common.more}
          </Button>
        ) : null}
      </Section>
    </Page>
  );
}

function Rows({ rows, may }: { rows: Client[]; may: MayEnter[] }) {
  const text = useText();
  const { t, pick } = text;
  const now = useNow();
  const role = (name: string) => pick(may.find((one) => one.role === name)?.title) || name;
  return (
    <DataTable
      caption={t.clients.list}
      rows={rows}
      rowKey={(client) => client.id}
      columns={[
        { key: "name", title: t.clients.name, header: true, render: (client) => client.name },
        { key: "org", title: t.clients.org, render: (client) => pick(client.org_name) },
        { key: "role", title: t.clients.role, render: (client) => client.roles.map(role).join(t.common.separator) },
        { key: "how", title: t.clients.how, render: (client) => <Credentials client={client} /> },
        { key: "per", title: t.clients.perMinute, numeric: true, render: (client) => client.per_minute || t.clients.common },
        { key: "created", title: t.clients.created, render: (client) => formatDate(client.created_at) },
        { key: "expires", title: t.clients.expires, render: (client) => formatDate(client.expires_at) },
        { key: "used", title: t.clients.used, render: (client) => client.used_on ?? t.clients.never },
        { key: "state", title: t.clients.state, render: (client) => stateOf(client, now, text) },
        { key: "act", title: t.admin.actions, render: (client) => (client.disabled ? null : <Revoke client={client} />) },
      ]}
    />
  );
}

/** Of one that signs its id, which signatures name as keyid, and the fingerprint of its public key. */
function Credentials({ client }: { client: Client }) {
  const { t } = useText();
  if (!client.signs) return t.clients.byKey;
  return (
    <>
      {`${t.clients.bySignature} ${client.algorithm ?? ""}`}
      <div className="cs-muted">
        keyid <Digest hex={client.id} title={t.clients.copyId(client.name)} />
      </div>
      <div className="cs-muted">
        SHA-256 <Digest hex={client.fingerprint ?? ""} title={t.clients.fingerprint(client.name)} />
      </div>
    </>
  );
}

function stateOf(client: Client, now: number, { t }: Text): string {
  if (client.disabled) return t.clients.revoked;
  return Date.parse(client.expires_at) <= now ? t.clients.expired : t.clients.valid;
}

function Revoke({ client }: { client: Client }) {
  const text = useText();
  const { t } = text;
  const { modal, message } = App.useApp();
  const queries = useQueryClient();
  const revoke = useMutation({
    mutationFn: () => remove(`/api/clients/${encodeURIComponent(client.id)}`),
    onSuccess: () => {
      message.success(t.clients.revokedNow);
      void queries.invalidateQueries({ queryKey: keys.clients });
    },
    onError: (error) => void message.error(problemText(error, text)),
  });
  const ask = () =>
    modal.confirm({
      title: t.clients.revokeTitle(client.name),
      content: t.clients.revokeHelp,
      okText: t.clients.revoke,
      cancelText: t.common.cancel,
      okButtonProps: { danger: true },
      onOk: () => revoke.mutateAsync().catch(() => undefined), // told by onError
    });
  return (
    <Button size="small" danger loading={revoke.isPending} onClick={ask} aria-label={t.clients.revokeNamed(client.name)}>
      {t.clients.revoke}
    </Button>
  );
}
