import { describe, expect, it } from "vitest";
import { flowOf } from "./flow";

describe("the picture of where fields come from", () => {
  const flow = flowOf(
    [
      { header: "站点编号", field: "站点", steps: ["去空白"], holders: ["人社局", "公安局"] },
      { header: "备注", field: "", steps: [], holders: [] },
      { header: "一个长得放不进格子里的标题名称", field: "值", steps: [], holders: ["人社局"] },
    ],
    "第 2 版",
  );
  it("leads each column to its field, its field to the release, and the release to each holder once", () => {
    expect(flow.lines.map(({ from, to, note }) => [from.title, to.title, note])).toEqual([
      ["站点编号", "站点", "去空白"],
      ["站点", "第 2 版", undefined],
      ["一个长得放不进格子里的…", "值", undefined],
      ["值", "第 2 版", undefined],
      ["第 2 版", "人社局", undefined],
      ["第 2 版", "公安局", undefined],
    ]);
  });
  it("shows what was left out, with no line", () => {
    expect(flow.nodes.filter(({ kind }) => kind === "left-out").map(({ title }) => title)).toEqual(["备注"]);
  });
  it("has no column of holders without grants", () => {
    expect(flowOf([{ header: "a", field: "A", steps: [], holders: [] }], "1").width).toBeLessThan(flow.width);
  });
});
