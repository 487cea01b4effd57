import { Suspense, lazy } from "react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { Item, Type } from "../api/types";
import { EvidenceLink } from "../detail/EvidenceLink";
import { Facts } from "../detail/Facts";
import { PlaceMap } from "../detail/PlaceMap";
import { Provenance } from "../detail/Provenance";
import { Page, Section } from "../kit/Page";
import { DeadlineClock } from "../kit/LightBadge";
import { formatTime } from "../kit/time";
import { StateMark } from "../list/columns";
import { itemHref, useFace } from "../shell/paths";
import { useText } from "../text";
import { itemTitle } from "../types/declared";
import { get } from "../api/client";
import { keys } from "../api/keys";
import { itemPath } from "../api/query";
import type { Page as ListPage, TimelineItem } from "../api/types";
import { LoadOutcome } from "../dataset/LoadOutcome";
import { loads } from "../dataset/loads";
import { Loaded, Loading } from "../kit/states";
import { placesOf, withoutChecking } from "../archive/model";
import { Actions } from "./Actions";
import { CommentForm } from "./CommentForm";
import { ProcessView } from "./Diagram";
import { Similar } from "./Similar";
import { Timeline } from "./Timeline";
import { Work } from "./Work";
import "./case.css";

const Scans = lazy(async () => ({ default: (await import("../archive/Scans")).Scans }));
const Failures = lazy(async () => ({ default: (await import("../dataset/Failures")).Failures }));

/** One case: where it stands and by when, what can be done, what has been done, and everything it is about. */
export function CasePage({ type, item }: { type: Type; item: Item }) {
  const text = useText();
  const { t, pick } = text;
  const facts = item.case;
  if (!facts) return null;
  return (
    <Page
      title={itemTitle(item, type, text)}
      lead={pick(type.title)}
      actions={<EvidenceLink type={type} id={item.id} name={facts.number} />}
    >
      <Head type={type} item={item} />
      <Work item={item} />
      {type.name === loads ? <LoadOutcome item={item} /> : null}
      {placesOf(type) ? (
        <Suspense fallback={<Loading />}>
          <Scans type={type} item={item} />
        </Suspense>
      ) : null}
      <div className="cs-two">
        <div className="cs-stack">
          <Section title={t.case.actions}>
            <Actions type={type} item={withoutChecking(type, item)} />
          </Section>
          <Section title={t.item.facts}>
            <Facts type={type} item={item} />
          </Section>
          <Section title={t.case.timeline}>
            <Steps type={type} item={item} />
            <CommentForm type={type} id={item.id} />
          </Section>
        </div>
        <div className="cs-stack">
          <PlaceMap type={type} item={item} />
          <Tasks item={item} />
          {facts.closed_at ? null : <Similar type={type} item={item} />}
          <Provenance type={type} />
        </div>
      </div>
      {type.name === loads ? (
        <Suspense fallback={<Loading />}>
          <Failures type={type} item={item} />
        </Suspense>
      ) : null}
      {type.process ? (
        <Section title={t.case.process}>
          <ProcessView process={type.process} current={facts.state} />
        </Section>
      ) : null}
    </Page>
  );
}

function Head({ type, item }: { type: Type; item: Item }) {
  const text = useText();
  const { t } = text;
  const facts = item.case;
  if (!facts) return null;
  return (
    <div className="cs-case-head">
      <dl>
        <div>
          <dt>{t.case.number}</dt>
          <dd className="cs-number">{facts.number}</dd>
        </div>
        <div>
          <dt>{t.case.state}</dt>
          <dd>
            <StateMark type={type} state={facts.state} title={facts.state_title} text={text} />
          </dd>
        </div>
        <div>
          <dt>{t.case.currentDue}</dt>
          <dd>
            <DeadlineClock light={facts.light} dueAt={facts.due_at} />
          </dd>
        </div>
        <Moment title={t.case.overall} at={facts.case_due_at} />
        <Moment title={t.builtin.opened_at} at={facts.opened_at} />
        <Moment title={t.builtin.closed_at} at={facts.closed_at} />
        {facts.returns ? (
          <div>
            <dt>{t.case.returns}</dt>
            <dd>{t.case.times(facts.returns)}</dd>
          </div>
        ) : null}
        <Other title={t.case.parent} type={type} id={facts.parent} />
        <Other title={t.case.merged} type={type} id={facts.merged_into} />
      </dl>
    </div>
  );
}

function Moment({ title, at }: { title: string; at?: string | null }) {
  if (!at) return null;
  return (
    <div>
      <dt>{title}</dt>
      <dd className="cs-number">
        <time dateTime={at}>{formatTime(at)}</time>
      </dd>
    </div>
  );
}

/** A case that this one hangs on; named by its number once that has come. */
function Other({ title, type, id }: { title: string; type: Type; id?: string | null }) {
  const face = useFace();
  const other = useQuery({
    queryKey: keys.item(type.kind, type.name, id ?? ""),
    queryFn: ({ signal }) => get<Item>(itemPath(type.kind, type.name, id ?? ""), signal),
    enabled: Boolean(id),
  });
  if (!id) return null;
  return (
    <div>
      <dt>{title}</dt>
      <dd>
        <Link to={itemHref(face, type.name, id)}>{other.data?.case?.number ?? id.slice(0, 8)}</Link>
      </dd>
    </div>
  );
}

function Steps({ type, item }: { type: Type; item: Item }) {
  const timeline = useQuery({
    queryKey: keys.timeline(type.name, item.id),
    queryFn: ({ signal }) => get<ListPage<TimelineItem>>(`${itemPath(type.kind, type.name, item.id)}/timeline`, signal),
  });
  return <Loaded query={timeline}>{({ items }) => <Timeline type={type} id={item.id} items={items} />}</Loaded>;
}

function Tasks({ item }: { item: Item }) {
  const { t, pick } = useText();
  const open = (item.case?.tasks ?? []).filter((task) => !task.done_at);
  if (open.length === 0) return null;
  return (
    <Section title={t.case.tasks}>
      <ul className="cs-tasks">
        {open.map((task) => (
          <li key={task.id}>
            <div>{[pick(task.unit_name), task.assignee_name].filter(Boolean).join(" · ") || task.step}</div>
            <DeadlineClock light={task.light} dueAt={task.due_at} />
          </li>
        ))}
      </ul>
    </Section>
  );
}
