import { describe, expect, it } from "vitest";
import type { Process, TimelineItem } from "../api/types";
import { textOf } from "../text";
import { actorOf, isSystemStep } from "./Timeline";

const process: Process = {
  states: [],
  actions: [
    { name: "report", title: { zh: "上报" } },
    { name: "expire", title: { zh: "到期" }, system: true },
  ],
};
const step = (more: Partial<TimelineItem>): TimelineItem => ({ at: "", act: "a", verb: "incident.report", ...more });

describe("who took a step", () => {
  it.each([
    ["oneself, by name", step({ mine: true, actor_name: "示例市民" }), "我（示例市民）", "Me (示例市民)"],
    ["oneself, without a name", step({ mine: true, actor_name: "" }), "我", "Me"],
    ["an officer", step({ actor_name: "示例派遣员" }), "示例派遣员", "示例派遣员"],
    ["a citizen, to others", step({ actor_name: "" }), "姓名不公开", "name withheld"],
    ["the program", step({ verb: "incident.expire" }), textOf("zh").t.item.system, textOf("en").t.item.system],
  ])("%s", (_, item, zh, en) => {
    expect(actorOf(process, item, textOf("zh").t)).toBe(zh);
    expect(actorOf(process, item, textOf("en").t)).toBe(en);
  });
  it("one's own comment is not the program's", () => expect(isSystemStep(process, step({ verb: "incident.overdue", mine: true }))).toBe(false));
});
