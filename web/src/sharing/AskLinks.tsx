import { Link } from "@tanstack/react-router";
import { useType, useTypes } from "../api/queries";
import type { Type } from "../api/types";
import { typePath, useFace } from "../shell/paths";
import { useText } from "../text";
import { startActions } from "../types/declared";

/** The processes by which a resource is asked for, and by which a value of it is objected to. */
const requests = "data-request";
const objections = "data-objection";

/** The process by which the rows of an earlier release become the newest. */
const restores = "release-restore";

/** The ways to a resource, for those who may: apply for it, or take it at once where it is shared without condition; object to a value. */
export function AskLinks({ type }: { type: Type }) {
  const shared = type.sharing !== "none";
  return (
    <>
      {shared ? <StartLink process={requests} wanted={type.sharing === "unconditional" ? "claim" : "apply"} given={{ resource: type.name }} primary /> : null}
      {type.kind === "case" ? null : <ObjectLink resource={type.name} />}
    </>
  );
}

/** Objects to a value of the resource. */
export function ObjectLink({ resource }: { resource: string }) {
  return <StartLink process={objections} given={{ resource }} />;
}

/** Asks that an earlier release be restored. */
export function RestoreLink({ dataset, version }: { dataset: string; version: number }) {
  return <StartLink process={restores} given={{ dataset, version: String(version) }} />;
}

interface Props {
  process: string;
  /** Which of its start actions; the first when there is no such one. */
  wanted?: string;
  /** What the form starts with. */
  given: Record<string, string>;
  primary?: boolean;
}

function StartLink({ process, wanted, given, primary }: Props) {
  const { pick } = useText();
  const face = useFace();
  const types = useTypes();
  const declared = types.data?.some(({ name }) => name === process);
  const type = useType(declared ? process : undefined);
  if (type.data?.may?.create !== true) return null;
  const starts = startActions(type.data);
  const action = starts.find(({ name }) => name === wanted) ?? starts[0];
  if (!action) return null;
  return (
    <Link
      to={`${typePath(face, process)}/new`}
      search={{ action: action.name, ...given }}
      className={primary ? "cs-button cs-button-primary" : "cs-button"}
    >
      {pick(action.title)}
    </Link>
  );
}
