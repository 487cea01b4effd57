import { Button, Segmented } from "antd";
import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useId } from "react";
import { get } from "../api/client";
import { keys } from "../api/keys";
import { withParams } from "../api/query";
import type { ListParams } from "../api/query";
import { useTypes } from "../api/queries";
import type { Inbox, InboxItem, Light } from "../api/types";
import { Choose } from "../kit/Choose";
import { DataTable } from "../kit/DataTable";
import type { Column } from "../kit/DataTable";
import { DeadlineClock } from "../kit/LightBadge";
import { Empty, Loaded } from "../kit/states";
import { StateMark } from "../list/columns";
import { useListParams } from "../list/useListParams";
import { itemHref, useFace } from "../shell/paths";
import { useText, wordFor } from "../text";
import type { Text } from "../text";
import { useArrivals } from "./useArrivals";
import "../list/list.css";

const scopes = ["mine", "unit", "all"] as const;
const inboxLights: Light[] = ["red", "yellow", "green"];

/** The open tasks of the user and the user's unit, most urgent first. New ones appear by themselves and are marked for a moment. */
export function InboxView({ type }: { type?: string }) {
  const text = useText();
  const { t } = text;
  const face = useFace();
  const [params, change] = useListParams();
  const asked: ListParams = { scope: params.scope ?? "unit", light: params.light ?? "", type: type ?? params.type ?? "" };
  const inbox = useInfiniteQuery({
    queryKey: keys.inbox(asked),
    queryFn: ({ signal, pageParam }) => get<Inbox>(withParams("/api/inbox", { ...asked, after: pageParam }), signal),
    initialPageParam: "",
    getNextPageParam: (last: Inbox) => last.next,
    placeholderData: keepPreviousData,
    refetchInterval: 60_000, // lights turn without any change that a hint could tell of
  });
  const rows = inbox.data?.pages.flatMap((page) => page.items) ?? [];
  const arrived = useArrivals(
    rows.map((row) => row.task),
    JSON.stringify(asked),
    !inbox.isPlaceholderData && inbox.data !== undefined,
  );
  return (
    <>
      <Bar asked={asked} totals={inbox.data?.pages[0]?.totals} fixedType={type} change={change} />
      <span role="status" className="cs-unseen">
        {arrived.size > 0 ? t.inbox.arrived(arrived.size) : ""}
      </span>
      <Loaded query={inbox} rows={8}>
        {() =>
          rows.length === 0 ? (
            <Empty title={t.inbox.empty} help={asked.light ? t.inbox.emptyFiltered : t.inbox.emptyHelp} />
          ) : (
            <>
              <DataTable
                caption={t.inbox.caption}
                columns={columns(face, text)}
                rows={rows}
                rowKey={(row) => row.task}
                rowClass={(row) => (arrived.has(row.task) ? "cs-row-new" : undefined)}
              />
              {inbox.hasNextPage ? (
                <div className="cs-list-more">
                  <Button onClick={() => void inbox.fetchNextPage()} loading={inbox.isFetchingNextPage}>
                    {t.common.more}
                  </Button>
                </div>
              ) : null}
            </>
          )
        }
      </Loaded>
    </>
  );
}

function Bar({
  asked,
  totals,
  fixedType,
  change,
}: {
  asked: ListParams;
  totals: Inbox["totals"];
  fixedType?: string;
  change: (params: ListParams) => void;
}) {
  const { t } = useText();
  const count = (n: number | undefined) => (n === undefined ? "" : ` ${n}`);
  const counted: Record<(typeof scopes)[number], number | undefined> = { mine: totals?.mine, unit: totals?.unit, all: undefined };
  return (
    <div className="cs-list-bar">
      <div className="cs-row">
        <Segmented
          aria-label={t.inbox.scope}
          value={asked.scope}
          onChange={(scope) => change({ scope })}
          options={scopes.map((scope) => ({ value: scope, label: `${t.inbox[scope]}${count(counted[scope])}` }))}
        />
        <LightFilter value={asked.light ?? ""} totals={totals} change={(light) => change({ light })} />
      </div>
      {fixedType === undefined ? <TypeFilter value={asked.type ?? ""} change={(type) => change({ type })} /> : null}
    </div>
  );
}

/** The three lights with their counts; pressing one shows only its tasks. */
function LightFilter({ value, totals, change }: { value: string; totals: Inbox["totals"]; change: (value: string) => void }) {
  const { t } = useText();
  const toggle = (light: Light) => change(value === light ? "" : light);
  return (
    <div role="group" aria-label={t.inbox.light} className="cs-row">
      {inboxLights.map((light) => (
        <Button key={light} aria-pressed={value === light} type={value === light ? "primary" : "default"} onClick={() => toggle(light)}>
          {`${t.clock[light]} ${totals?.[light as "red"] ?? ""}`}
        </Button>
      ))}
    </div>
  );
}

function TypeFilter({ value, change }: { value: string; change: (value: string) => void }) {
  const { t, pick } = useText();
  const id = useId();
  const types = useTypes();
  const cases = (types.data ?? []).filter((type) => type.kind === "case");
  if (cases.length < 2) return null;
  return (
    <div className="cs-row">
      <label htmlFor={id}>{t.inbox.type}</label>
      <Choose
        title={t.inbox.type}
        id={id}
        className="cs-inbox-type"
        allowClear
        placeholder={t.list.any}
        value={value || undefined}
        onChange={(next: string | undefined) => change(next ?? "")}
        options={cases.map((type) => ({ value: type.name, label: pick(type.title) }))}
      />
    </div>
  );
}

function columns(face: ReturnType<typeof useFace>, text: Text): Column<InboxItem>[] {
  const { t, pick } = text;
  return [
    {
      key: "number",
      title: t.builtin.number,
      header: true,
      render: (row) => (
        <Link to={itemHref(face, row.type, row.id)} className="cs-number">
          {row.number}
        </Link>
      ),
    },
    { key: "title", title: t.builtin.title, render: (row) => pick(row.title) },
    {
      key: "state",
      title: t.inbox.step,
      render: (row) => <StateMark state={row.state} title={row.state_title ?? { zh: wordFor({}, row.step ?? row.state) }} text={text} />,
    },
    { key: "unit", title: t.builtin.unit, render: (row) => [pick(row.unit_name), row.assignee_name].filter(Boolean).join(" · ") },
    { key: "light", title: t.inbox.light, render: (row) => <DeadlineClock light={row.light} dueAt={row.due_at} /> },
  ];
}
