import { Button } from "antd";
import { ApartmentOutlined, UnorderedListOutlined } from "@ant-design/icons";
import { useId, useMemo, useState } from "react";
import type { Action, Process } from "../api/types";
import { DataTable } from "../kit/DataTable";
import { formatSpan } from "../kit/span";
import { useText } from "../text";
import type { Text } from "../text";
import { layOut } from "./layout";
import type { ActionIn, Drawing, StateIn } from "./layout";
import "./case.css";

/** The process as its pack declares it, drawn or as a table, with the state the case is in. */
export function ProcessView({ process, current }: { process: Process; current?: string }) {
  const { t } = useText();
  const [asList, setAsList] = useState(false);
  return (
    <>
      <div className="cs-list-bar">
        <span className="cs-muted">{current === undefined || asList ? null : t.case.processHelp}</span>
        <Button
          size="small"
          icon={asList ? <ApartmentOutlined aria-hidden /> : <UnorderedListOutlined aria-hidden />}
          aria-pressed={asList}
          onClick={() => setAsList(!asList)}
        >
          {asList ? t.case.asDiagram : t.case.asList}
        </Button>
      </div>
      {asList ? <ProcessTable process={process} current={current} /> : <Diagram process={process} current={current} />}
    </>
  );
}

/** An action with several states it may come from is several arrows. */
function inputs(process: Process, { pick }: Text): { states: StateIn[]; actions: ActionIn[] } {
  const states = process.states.map((state) => ({ name: state.name, title: pick(state.title) || state.name }));
  const actions = process.actions.flatMap((action) =>
    (action.from ?? []).map((from) => ({ from, to: action.to ?? from, title: pick(action.title) || action.name, system: action.system })),
  );
  return { states, actions };
}

/** A wide drawing shrinks to its frame, but not further than it can be read; then it is scrolled. */
const leastScale = 0.8;

function Diagram({ process, current }: { process: Process; current?: string }) {
  const text = useText();
  const { t, pick } = text;
  const drawing = useMemo(() => {
    const { states, actions } = inputs(process, text);
    return layOut(states, actions);
  }, [process, text]);
  const state = process.states.find((one) => one.name === current);
  const label = state ? `${t.case.process}. ${t.case.current}: ${pick(state.title)}` : t.case.process;
  return (
    <div className="cs-diagram" role="group" aria-label={t.case.process} tabIndex={0}>
      <svg
        role="img"
        aria-label={label}
        viewBox={`0 0 ${drawing.width} ${drawing.height}`}
        style={{ maxWidth: drawing.width, minWidth: drawing.width * leastScale }}
      >
        <Edges drawing={drawing} />
        <Nodes drawing={drawing} process={process} current={current} />
        <Labels drawing={drawing} />
      </svg>
    </div>
  );
}

function Edges({ drawing }: { drawing: Drawing }) {
  const id = useId();
  return (
    <>
      <defs>
        <marker id={id} viewBox="0 0 10 10" refX="9" refY="5" markerWidth="8" markerHeight="8" orient="auto">
          <path d="M0 0.8 10 5 0 9.2z" className="cs-arrow" />
        </marker>
      </defs>
      {drawing.edges.map((edge) => (
        <path
          key={`${edge.from} ${edge.to}`}
          d={edge.path}
          className={edge.system ? "cs-edge cs-edge-system" : edge.back ? "cs-edge cs-edge-back" : "cs-edge"}
          markerEnd={`url(#${id})`}
        />
      ))}
    </>
  );
}

function Nodes({ drawing, process, current }: { drawing: Drawing; process: Process; current?: string }) {
  const kinds = new Map(process.states.map((state) => [state.name, state.kind]));
  return drawing.nodes.map((node) => {
    const kind = kinds.get(node.name) ?? "work";
    const isCurrent = node.name === current;
    return (
      <g key={node.name} className={`cs-node cs-node-${kind}${isCurrent ? " cs-node-current" : ""}`}>
        <rect
          x={node.x - node.width / 2}
          y={node.y - node.height / 2}
          width={node.width}
          height={node.height}
          rx={kind === "start" || kind === "end" ? 20 : 5}
        />
        <text x={node.x} y={node.y} dominantBaseline="central" textAnchor="middle">
          {isCurrent ? `● ${node.title}` : node.title}
        </text>
      </g>
    );
  });
}

function Labels({ drawing }: { drawing: Drawing }) {
  return drawing.edges.map((edge) => (
    <text
      key={`${edge.from} ${edge.to}`}
      x={edge.label.x}
      y={edge.label.y}
      className="cs-edge-label"
      dominantBaseline="central"
      textAnchor="middle"
    >
      {edge.titles.join(" / ")}
    </text>
  ));
}

/** The same in words: from where, by what, to where, within how long. */
export function ProcessTable({ process, current }: { process: Process; current?: string }) {
  const text = useText();
  const { t, pick } = text;
  const states = new Map(process.states.map((state) => [state.name, state]));
  const title = (name: string | undefined) => {
    const words = pick(states.get(name ?? "")?.title) || name || "";
    return name !== undefined && name === current ? `${words}（${t.case.current}）` : words;
  };
  const rows: { action: Action; from: string }[] = process.actions.flatMap((action) =>
    action.from?.length ? action.from.map((from) => ({ action, from })) : [{ action, from: "" }],
  );
  return (
    <DataTable
      compact
      caption={t.case.process}
      rows={rows}
      rowKey={({ action, from }) => `${action.name} ${from}`}
      columns={[
        { key: "from", title: t.case.from, header: true, render: ({ from }) => (from ? title(from) : t.case.anyState) },
        { key: "action", title: t.case.action, render: ({ action }) => pick(action.title) || action.name },
        { key: "to", title: t.case.to, render: ({ action, from }) => title(action.to ?? from) },
        { key: "within", title: t.case.within, render: ({ action, from }) => formatSpan(states.get(action.to ?? from)?.within, t.span) },
      ]}
    />
  );
}
