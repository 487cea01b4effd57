import { LockFilled } from "@ant-design/icons";
import type { Process, TimelineItem, Type } from "../api/types";
import { Changes } from "../detail/Changes";
import { FileList } from "../detail/FieldValue";
import { Empty } from "../kit/states";
import { formatTime } from "../kit/time";
import { useText, verbName, wordFor } from "../text";
import type { Text } from "../text";
import { fieldOf } from "../types/declared";

/** Every step of a case, oldest first: who, for which organisation, from which state to which, with what note, photos and new deadline. */
export function Timeline({ type, id, items }: { type: Type; id: string; items: TimelineItem[] }) {
  const text = useText();
  if (items.length === 0) return <Empty title={text.t.case.timelineEmpty} />;
  return (
    <ol className="cs-timeline">
      {items.map((item, index) => (
        <Step key={`${item.act}-${index}`} type={type} id={id} item={item} text={text} />
      ))}
    </ol>
  );
}

/** Whether a step went against the order in which the pack declares its states: sent back, reopened. */
export function goesBack(process: Process | undefined, from: string | undefined, to: string | undefined): boolean {
  const at = (name: string | undefined) => process?.states.findIndex((state) => state.name === name) ?? -1;
  return at(from) > at(to) && at(to) >= 0;
}

/** Whether the program did it by itself: an action declared so, or a deadline that passed. A person's name may be withheld all the same. */
export function isSystemStep(process: Process | undefined, item: TimelineItem): boolean {
  if (item.actor_name || item.mine) return false;
  const name = verbName(item.verb);
  const action = process?.actions.find((one) => one.name === name);
  return action ? action.system === true : name !== "comment";
}

/** Who did it, in words: oneself, an officer by name, the program, or somebody whose name is not shown. */
export function actorOf(process: Process | undefined, item: TimelineItem, t: Text["t"]): string {
  if (item.mine) return t.case.me(item.actor_name);
  return item.actor_name || (isSystemStep(process, item) ? t.item.system : t.case.withheld);
}

function stepClass(type: Type, item: TimelineItem): string {
  if (verbName(item.verb) === "comment") return "cs-step cs-step-comment";
  if (goesBack(type.process, item.from, item.to)) return "cs-step cs-step-back";
  return isSystemStep(type.process, item) ? "cs-step cs-step-system" : "cs-step";
}

function Step({ type, id, item, text }: { type: Type; id: string; item: TimelineItem; text: Text }) {
  const { t, pick } = text;
  const stateTitle = (name: string) => pick(type.process?.states.find((state) => state.name === name)?.title) || name;
  // Files among the fields are shown as pictures below, together with those of the act itself.
  const plain = (item.changed ?? Object.keys(item.fields ?? {})).filter((name) => fieldOf(type, name)?.type !== "file");
  return (
    <li className={stepClass(type, item)}>
      <span className="cs-step-dot" aria-hidden />
      <div className="cs-step-head">
        <strong>{pick(item.title) || wordFor(t.item.verbs, verbName(item.verb))}</strong>
        <time dateTime={item.at} className="cs-number cs-muted">
          {formatTime(item.at)}
        </time>
        <Sealed sealed={item.sealed === true} />
      </div>
      <div className="cs-muted">
        {[actorOf(type.process, item, t), pick(item.org_name)].filter(Boolean).join(" · ")}
      </div>
      {item.from && item.to && item.from !== item.to ? <div>{t.case.moved(stateTitle(item.from), stateTitle(item.to))}</div> : null}
      {item.note ? <div className="cs-step-note">{item.note}</div> : null}
      {item.fields ? (
        <Changes type={type} names={plain} fields={item.fields} labels={item.labels} holder={{ type: type.name, id }} />
      ) : null}
      {item.files?.length ? <FileList files={item.files} holder={{ type: type.name, id }} /> : null}
      {item.due_at ? <div className="cs-muted cs-number">{t.case.dueSet(formatTime(item.due_at))}</div> : null}
    </li>
  );
}

function Sealed({ sealed }: { sealed: boolean }) {
  const { t } = useText();
  return sealed ? (
    <span className="cs-sealed" title={t.case.sealedHelp}>
      <LockFilled aria-hidden /> {t.case.sealed}
    </span>
  ) : (
    <span className="cs-unsealed">{t.case.unsealed}</span>
  );
}
