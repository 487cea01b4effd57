import { describe, expect, it } from "vitest";
import { layOut } from "./layout";
import type { ActionIn, Drawing, NodeOut } from "./layout";

const states = (...names: string[]) => names.map((name) => ({ name, title: name }));
const act = (from: string, to: string, title = `${from}-${to}`): ActionIn => ({ from, to, title });

function at(drawing: Drawing, name: string): NodeOut {
  const node = drawing.nodes.find((one) => one.name === name);
  if (!node) throw new Error(`no node ${name}`);
  return node;
}

function overlap(a: NodeOut, b: NodeOut): boolean {
  return Math.abs(a.x - b.x) < (a.width + b.width) / 2 && Math.abs(a.y - b.y) < (a.height + b.height) / 2;
}

/** The process of a city event, in the shape a pack declares it. */
const incident = layOut(states("reported", "assigned", "handling", "joint", "waiting", "verifying", "closed", "merged", "rejected"), [
  act("reported", "assigned"),
  act("assigned", "handling"),
  act("assigned", "reported"),
  act("assigned", "assigned"),
  act("handling", "assigned"),
  act("handling", "joint"),
  act("joint", "handling"),
  act("reported", "waiting"),
  act("handling", "waiting"),
  act("waiting", "reported"),
  act("waiting", "rejected"),
  act("handling", "verifying"),
  act("verifying", "handling"),
  act("verifying", "closed"),
  act("reported", "rejected"),
  act("reported", "merged"),
  act("closed", "reported"),
]);

describe("a process is drawn from left to right", () => {
  it("along its main way", () => {
    const xs = ["reported", "assigned", "handling", "verifying", "closed"].map((name) => at(incident, name).x);
    expect(xs).toEqual([...xs].sort((a, b) => a - b));
    expect(new Set(xs).size).toBe(xs.length);
  });

  it("with sending back marked as running back", () => {
    const back = incident.edges.filter((edge) => edge.back).map((edge) => `${edge.from} ${edge.to}`);
    expect(back.sort()).toEqual(
      ["assigned reported", "closed reported", "handling assigned", "joint handling", "verifying handling", "waiting reported"].sort(),
    );
  });

  it("with every state and every arrow once", () => {
    expect(incident.nodes).toHaveLength(9);
    expect(incident.edges).toHaveLength(17);
  });

  it("without states that overlap", () => {
    const { nodes } = incident;
    const pairs = nodes.flatMap((a, i) =>
      nodes
        .slice(i + 1)
        .filter((b) => overlap(a, b))
        .map((b) => `${a.name} ${b.name}`),
    );
    expect(pairs).toEqual([]);
  });

  it("within its frame", () => {
    for (const { x, y, width, height } of incident.nodes) {
      expect(x - width / 2).toBeGreaterThanOrEqual(0);
      expect(y - height / 2).toBeGreaterThanOrEqual(0);
      expect(x + width / 2).toBeLessThanOrEqual(incident.width);
      expect(y + height / 2).toBeLessThanOrEqual(incident.height);
    }
  });

  it("with labels that stand on no state", () => {
    const hit = incident.edges.filter(({ label }) =>
      incident.nodes.some((node) => Math.abs(label.x - node.x) < node.width / 2 && Math.abs(label.y - node.y) < node.height / 2),
    );
    expect(hit).toEqual([]);
  });

  it("the same way each time", () => {
    const again = () => layOut(states("a", "b", "c"), [act("a", "b"), act("b", "c"), act("c", "a")]);
    expect(again()).toEqual(again());
  });
});

describe("odd processes", () => {
  it("merges actions between the same two states into one arrow", () => {
    const drawing = layOut(states("a", "b"), [act("a", "b", "派遣"), act("a", "b", "强制派遣"), act("a", "b", "派遣")]);
    expect(drawing.edges.map((edge) => edge.titles)).toEqual([["派遣", "强制派遣"]]);
  });

  it("an arrow is the program's own only when all its actions are", () => {
    const drawing = layOut(states("a", "b"), [{ ...act("a", "b", "x"), system: true }, act("a", "b", "y")]);
    expect(drawing.edges[0]?.system).toBe(false);
  });

  it("leaves out arrows to states that are not declared", () => expect(layOut(states("a"), [act("a", "nowhere")]).edges).toEqual([]));
  it("draws a lone state", () => expect(layOut(states("a"), []).nodes).toHaveLength(1));
  it("draws states that nothing reaches", () => expect(layOut(states("a", "b", "c"), [act("a", "b")]).nodes).toHaveLength(3));
  it("survives a circle without a beginning", () =>
    expect(layOut(states("a", "b"), [act("a", "b"), act("b", "a")]).nodes.map((node) => node.name)).toEqual(["a", "b"]));
  it("draws nothing of nothing", () => expect(layOut([], []).nodes).toEqual([]));

  it("makes room for many arrows on one side", () => {
    const names = Array.from({ length: 8 }, (_, index) => `s${index}`);
    const drawing = layOut(
      states("start", ...names),
      names.map((name) => act("start", name)),
    );
    expect(at(drawing, "start").height).toBeGreaterThanOrEqual(8 * 18);
  });

  it("lays out a process of fifty states in good time", () => {
    const names = Array.from({ length: 50 }, (_, index) => `s${index}`);
    const actions = names.flatMap((name, index) =>
      [1, 2, 7].filter((step) => index + step < 50).map((step) => act(name, `s${index + step}`)),
    );
    const start = performance.now();
    layOut(states(...names), actions);
    expect(performance.now() - start).toBeLessThan(2000);
  });
});
