import { cleanup, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { Failure } from "../api/dataset";
import type { CaseJob, Fields, Item, Type } from "../api/types";
import { Work } from "../case/Work";
import { pretendServer } from "../test/server";
import { show } from "../test/render";
import { zh } from "../text/zh";
import { Failures } from "./Failures";
import { LoadOutcome } from "./LoadOutcome";
import { air } from "./fixture";

const type: Type = { name: "data-load", kind: "case", pack: "public-data", title: { zh: "数据汇集" }, fields: [] };

const load = (fields: Fields, jobs?: CaseJob[]): Item => ({
  id: "1",
  type: "data-load",
  rev: 2,
  created_at: "",
  updated_at: "",
  fields,
  case: { number: "HJ1", state: "correcting", opened_at: "", jobs },
});

const failures: Failure[] = [
  { row: 7, why: [{ field: "pm25", rule: "type", text: { zh: "PM2.5：不是数字" } }], values: { "PM2.5浓度": "-", 备注: "缺测", 站点: "1101A" } },
  { line: 9, why: [{ rule: "columns", text: { zh: "列数不符" } }], values: {} },
];
const path = "/api/cases/data-load/1/failures";

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

describe("what has become of a file", () => {
  it("is not asked for before it was checked, nor while it is checked again", async () => {
    const { sent } = pretendServer({});
    show(
      <>
        <Failures type={type} item={load({})} />
        <Failures type={type} item={load({ batch: "b1" }, [{ id: "j", state: "running" }])} />
        <LoadOutcome item={load({ batch: "b1", rows: 8, bad: 2 }, [{ id: "j", state: "running" }])} />
        <p>shown</p>
      </>,
    );
    await screen.findByText("shown");
    expect(sent).toEqual([]);
    expect(screen.queryByRole("link")).toBeNull();
  });

  it("leads to its release, and to the rows not taken", async () => {
    show(<LoadOutcome item={load({ batch: "b1", dataset: "air-hour", release: 2, rows: 1200, bad: 2 })} />);
    const link = await screen.findByRole("link", { name: zh.dataset.released(2) });
    expect(link.getAttribute("href")).toBe("/public/catalogue/air-hour?release=2");
    screen.getByRole("link", { name: zh.dataset.notTaken("2", "1,200") });
  });

  it("tells what the file as a whole does not keep, also when every row is good", async () => {
    const cleaned = [{ field: "pm25", step: "unit", cells: 3, examples: [["0.5mg/m3", "500"]] }];
    const quality = { rows: 8, good: 8, bad: 0, cleaned, findings: [{ rule: "fresh", stop: true, text: { zh: "太旧", en: "Too old" } }] };
    pretendServer({ "GET /api/types/air-hour": { body: air }, [`GET ${path}`]: { body: { items: [], quality } } });
    show(
      <>
        <LoadOutcome item={load({ batch: "b1", rows: 8, bad: 0, findings: 1 })} />
        <Failures type={type} item={load({ batch: "b1", dataset: "air-hour" })} />
      </>,
    );
    await screen.findByText(zh.dataset.stops("太旧"));
    screen.getByRole("link", { name: zh.dataset.findings(1) });
    expect(screen.queryByRole("table", { name: zh.dataset.failures })).toBeNull();
    const table = screen.getByRole("table", { name: zh.dataset.cleaned });
    await waitFor(() => expect(within(table).getAllByRole("row")[1]!.textContent).toBe("PM2.5浓度换算单位30.5mg/m3 → 500"));
  });

  it("tells which rows were not taken and why, and gives them as a file", async () => {
    let saved: Blob | undefined;
    URL.createObjectURL = (blob) => ((saved = blob as Blob), "blob:x"); // which jsdom lacks
    URL.revokeObjectURL = () => {};
    vi.spyOn(HTMLAnchorElement.prototype, "click").mockImplementation(() => {});
    pretendServer({
      "GET /api/types/air-hour": { body: air },
      [`GET ${path}`]: ({ path: asked }) => ({
        body: asked.includes("after=50") ? { items: [{ ...failures[0], row: 60 }] } : { items: failures, next: "50" },
      }),
    });
    show(<Failures type={type} item={load({ batch: "b1", dataset: "air-hour" })} />);
    const table = await screen.findByRole("table", { name: zh.dataset.failures });
    const shown = () => within(table).getAllByRole("row").map((row) => row.textContent);
    await waitFor(() => expect(shown()[0]).toBe("行原因站点PM2.5浓度备注")); // in the dataset's order
    expect(shown().slice(1)).toEqual(["7PM2.5：不是数字1101A-缺测", `${zh.dataset.lineOf("9")}列数不符（空）（空）（空）`]);
    expect(within(table).getByText("-").className).toBe("cs-faulty");
    const user = userEvent.setup();
    await user.click(screen.getByRole("button", { name: new RegExp(zh.common.more) }));
    await waitFor(() => expect(shown()).toHaveLength(4));
    await user.click(screen.getByRole("button", { name: zh.dataset.csv("3") }));
    const lines = (await textOf(saved!)).split("\r\n");
    expect(lines).toEqual([
      '"行","原因","站点","PM2.5浓度","备注"',
      `"7","PM2.5：不是数字","1101A","'-","缺测"`,
      '"文件第 9 行","列数不符","","",""',
      `"60","PM2.5：不是数字","1101A","'-","缺测"`,
      "",
    ]);
  });
});

/** jsdom's Blob has no text(); FileReader drops the mark of UTF-8. */
function textOf(blob: Blob): Promise<string> {
  return new Promise((resolve) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result));
    reader.readAsText(blob);
  });
}

describe("work that a case waits for", () => {
  it("is shown with how far it is, in words too", async () => {
    pretendServer({});
    show(<Work item={load({}, [{ id: "j", state: "running", done: 3, total: 10, note: { zh: "逐行检查", en: "Judging" } }])} />);
    const bar = await screen.findByRole("progressbar", { name: zh.dataset.work });
    expect(bar.getAttribute("aria-valuenow")).toBe("3");
    expect(bar.getAttribute("aria-valuetext")).toBe("进行中 · 逐行检查 · 30%");
  });
  it("is not said to be at 0 when nothing is known of how far it is", async () => {
    pretendServer({});
    show(<Work item={load({}, [{ id: "j", state: "waiting" }])} />);
    const bar = await screen.findByRole("progressbar");
    expect(bar.getAttribute("aria-valuenow")).toBeNull();
    expect(bar.getAttribute("aria-valuetext")).toBe("排队中");
  });
});
