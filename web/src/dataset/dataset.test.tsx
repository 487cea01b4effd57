import { cleanup, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { Type } from "../api/types";
import { pretendServer } from "../test/server";
import type { Answer, Sent } from "../test/server";
import { show } from "../test/render";
import { zh } from "../text/zh";
import { LoadLink, Releases } from "./Releases";
import { air, base, manifest, releases } from "./fixture";

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

const firstRows = {
  columns: ["station", "pm25", "grade"],
  items: [{ row: 1, values: { station: "1***A", pm25: 12.5, grade: "good" } }],
  masked: ["station"],
  next: "1",
};

const moreRows = ({ path }: Sent): Answer =>
  path.includes("after=1") ? { body: { columns: firstRows.columns, items: [{ row: 3, values: { station: "2***A" } }] } } : { body: firstRows };

const routes = {
  "GET /api/types": { body: [] },
  [`GET ${base}`]: { body: releases },
  [`GET ${base}/2`]: { body: manifest },
  [`GET ${base}/1`]: { body: { ...manifest, version: 1, parent: undefined, quality: { rows: 3, good: 3, bad: 0, rules: null } } },
  [`GET ${base}/2/rows`]: moreRows,
  [`GET ${base}/1/rows`]: { body: { columns: ["station"], items: [] } },
};

describe("the releases of a dataset", () => {
  it("are listed, and the newest is told of in words", async () => {
    pretendServer(routes);
    show(<Releases type={air} />);
    const quality = await screen.findByRole("region", { name: zh.dataset.quality(2) });
    expect(quality.textContent).toContain(zh.dataset.qualityPart("130", "120", "10", "92.3%"));
    const rules = within(quality)
      .getAllByRole("listitem")
      .map((one) => one.textContent);
    expect(rules.slice(2, 5)).toEqual(["整行 · 列数不对7 行", "PM2.5浓度 · 类型不符4 行", "等级 · 与指数不一致2 行"]);
    within(quality).getByText("平均值变了");
    const cleaned = within(quality).getByRole("table", { name: zh.dataset.cleaned });
    expect(within(cleaned).getAllByRole("row").slice(1).map((one) => one.textContent)).toEqual(["PM2.5浓度换算单位1,200"]);
    const lineage = screen.getByRole("region", { name: zh.dataset.lineage(2) });
    for (const words of ["air.csv", "GB18030", "逗号", "rows.parquet", "第 1 版", zh.dataset.leftOut("备注")]) expect(lineage.textContent).toContain(words);
    const table = screen.getByRole("table", { name: zh.dataset.releases });
    expect(within(table).getByRole("link", { name: "第 2 版" }).getAttribute("aria-current")).toBeTruthy();
    expect(within(table).getByRole("link", { name: "第 1 版" }).getAttribute("aria-current")).toBeNull();
  });

  it("can be chosen, which stands in the address", async () => {
    pretendServer(routes);
    show(<Releases type={air} />);
    await userEvent.setup().click((await screen.findAllByRole("link", { name: "第 1 版" }))[0]!);
    await screen.findByText(zh.dataset.qualityAll("3"));
    await screen.findByText(zh.dataset.noParent);
    await screen.findByText(zh.dataset.previewEmpty);
  });

  it("show their rows page by page, with what is masked marked", async () => {
    const { sent } = pretendServer(routes);
    show(<Releases type={air} />);
    const table = await screen.findByRole("table", { name: zh.dataset.preview(2) });
    const heads = within(table).getAllByRole("columnheader");
    expect(heads.map((one) => one.textContent)).toEqual(["行", "站点（脱敏）", "PM2.5浓度", "等级"]);
    expect(within(table).getAllByRole("row")[1]!.textContent).toBe("11***A12.5 ug/m3优");
    const preview = screen.getByRole("region", { name: zh.dataset.preview(2) });
    expect(preview.textContent).toContain(zh.dataset.maskedHelp("站点"));
    await userEvent.setup().click(within(preview).getByRole("button", { name: new RegExp(zh.common.more) }));
    await waitFor(() => expect(within(table).getAllByRole("row")).toHaveLength(3));
    expect(sent.filter(({ path }) => path.includes("/rows")).map(({ path }) => path)).toEqual([
      `${base}/2/rows?limit=50`,
      `${base}/2/rows?after=1&limit=50`,
    ]);
  });

  it("do not show personal data unasked", async () => {
    const { sent } = pretendServer(routes);
    const personal: Type = { ...air, fields: air.fields.map((field) => ({ ...field, personal: field.name === "station" })) };
    show(<Releases type={personal} />);
    const ask = await screen.findByRole("button", { name: zh.dataset.previewShow });
    expect(sent.some(({ path }) => path.includes("/rows"))).toBe(false);
    await userEvent.setup().click(ask);
    await screen.findByRole("table", { name: zh.dataset.preview(2) });
  });

  it("may be none yet; whoever may send a file is led there", async () => {
    const load = {
      ...air,
      name: "data-load",
      kind: "case",
      may: { create: true },
      process: { states: [], actions: [{ name: "send", title: { zh: "上传" }, start: true }] },
    };
    pretendServer({
      "GET /api/types": { body: [load] },
      "GET /api/types/data-load": { body: load },
      [`GET ${base}`]: { body: { items: [] } },
    });
    show(
      <>
        <LoadLink />
        <Releases type={air} />
      </>,
    );
    await screen.findByText(zh.dataset.empty);
    expect((await screen.findByRole("link", { name: "上传" })).getAttribute("href")).toBe("/public/t/data-load/new");
  });

  it("say so when a release may not be read", async () => {
    pretendServer({ ...routes, [`GET ${base}/2`]: { status: 403, body: { code: "denied" } } });
    show(<Releases type={air} />);
    await screen.findByText(zh.problem.denied);
  });
});
