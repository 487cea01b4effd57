import { cleanup, fireEvent, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { Item, Type } from "../api/types";
import { pretendServer } from "../test/server";
import { show } from "../test/render";
import { Scans } from "./Scans";
import { beginning, boxOf, withoutChecking } from "./model";

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

const label = (zh: string) => ({ zh, en: zh });
const part = (name: string, type = "text") => ({ name, title: label(name), type });
const box = [part("field"), part("page", "integer"), ...["x", "y", "width", "height"].map((name) => part(name, "decimal"))];
const type = {
  name: "archive-scan",
  kind: "case",
  title: label("档案数字化件"),
  fields: [
    { name: "found", title: label("识别结果"), type: "list", fields: [...box, part("confidence", "integer")] },
    { name: "checked", title: label("核对结果"), type: "list", fields: [...box, part("confirmed", "boolean")] },
  ],
} as unknown as Type;
const record = {
  name: "house-card",
  kind: "record",
  title: label("卡片"),
  fields: [
    { name: "archive_no", title: label("档号"), type: "text" },
    { name: "owner_name", title: label("所有权人"), type: "text" },
  ],
};
const enter = { name: "enter", title: label("入库"), ok: true, form: [{ field: "checked" }] };
const item = {
  id: "c1",
  type: "archive-scan",
  rev: 3,
  fields: {
    found: [
      { field: "archive_no", value: "SJZ-1998-00427", page: 1, x: "0.2", y: "0.2", width: "0.1", height: "0.05", confidence: 96 },
      { field: "owner_name", value: "地淇", raw: "地淇", page: 1, x: "0.2", y: "0.4", width: "0.1", height: "0.05", confidence: 40, why: "两次识别不一致", why_en: "the two readings differ" },
    ],
  },
  case: { number: "DA1", state: "checking", actions: [enter, { name: "reject", title: label("退回"), ok: true, form: [{ field: "note" }] }] },
} as unknown as Item;

const routes = {
  "GET /api/cases/archive-scan/c1/pages": {
    body: { record: "house-card", sure: 85, items: [{ page: 1, file: "f", name: "a.jpg", width: 1000, height: 700, image: "/api/cases/archive-scan/c1/pages/1/image" }] },
  },
  "GET /api/types/house-card": { body: record },
};

describe("checking beside the page", () => {
  it("asks for a word on what is not sure, shows a field's box and the other way round, and sends places", async () => {
    const { sent } = pretendServer({ ...routes, "POST /api/cases/archive-scan/c1/enter": { body: item } });
    show(<Scans type={type} item={item} />);
    const owner = await screen.findByLabelText("所有权人");
    expect(screen.getByText("可信度 40，须确认")).toBeTruthy();
    expect(screen.getByText("可信度 96，可靠")).toBeTruthy();
    expect(screen.getByRole<HTMLButtonElement>("button", { name: /入\s?库/ }).disabled).toBe(true);

    owner.focus();
    await waitFor(() => expect(screen.getByLabelText("在页面上显示“所有权人”").getAttribute("aria-pressed")).toBe("true"));
    fireEvent.click(screen.getByLabelText("在页面上显示“档号”"));
    expect(document.activeElement).toBe(screen.getByLabelText("档号"));

    const user = userEvent.setup();
    await user.clear(owner);
    await user.type(owner, "李淇{Enter}");
    expect(screen.getByText("各项均已核对")).toBeTruthy();
    await user.click(screen.getByRole("button", { name: /入\s?库/ }));
    await waitFor(() => expect(sent.some((one) => one.method === "POST")).toBe(true));
    expect(sent.find((one) => one.method === "POST")?.body).toEqual({
      rev: 3,
      fields: {
        checked: [
          { field: "archive_no", value: "SJZ-1998-00427", confirmed: true, page: 1, x: "0.2000", y: "0.2000", width: "0.1000", height: "0.0500" },
          { field: "owner_name", value: "李淇", confirmed: true, page: 1, x: "0.2000", y: "0.4000", width: "0.1000", height: "0.0500" },
        ],
      },
    });
  });

  it("puts what the server refuses beside its field", async () => {
    pretendServer({
      ...routes,
      "POST /api/cases/archive-scan/c1/enter": {
        status: 422,
        body: { code: "invalid-fields", text: label("填写有误"), errors: [{ path: "fields.checked.archive_no", zh: "格式不符", en: "does not match" }] },
      },
    });
    show(<Scans type={type} item={item} />);
    await userEvent.click(await screen.findByRole("checkbox", { name: "确认“所有权人”" }));
    await userEvent.click(screen.getByRole("button", { name: /入\s?库/ }));
    expect(await screen.findByText("格式不符")).toBeTruthy();
  });

  it("only points where nobody is to check", async () => {
    pretendServer(routes);
    show(<Scans type={type} item={{ ...item, case: { ...item.case, actions: [] } } as Item} />);
    fireEvent.click(await screen.findByRole("button", { name: /^所有权人/ }));
    expect(screen.getByLabelText("在页面上显示“所有权人”").getAttribute("aria-pressed")).toBe("true");
    expect(screen.queryByRole("checkbox")).toBeNull();
  });
});

describe("the model", () => {
  it("keeps what was said before, and asks about what is not sure", () => {
    const found = [{ field: "a", value: "1", raw: "1", confidence: 90, why: { zh: "", en: "" } }];
    expect(beginning(found, 85, []).a?.confirmed).toBe(true);
    expect(beginning(found, 95, []).a?.confirmed).toBe(false);
    expect(beginning(found, 95, [{ field: "a", value: "2", confirmed: true }]).a).toEqual({ value: "2", confirmed: true, place: undefined });
  });

  it("frames within the page, in any direction, and takes no dot for a box", () => {
    const framed = boxOf(2, { x: 0.5, y: 1.4 }, { x: 0.25, y: 0.5 });
    expect(framed).toEqual({ page: 2, x: 0.25, y: 0.5, width: 0.25, height: 0.5 });
    expect(boxOf(1, { x: 0.5, y: 0.5 }, { x: 0.501, y: 0.9 })).toBeUndefined();
  });

  it("takes checking out of the dialogs", () => {
    expect(withoutChecking(type, item).case?.actions?.map((action) => action.name)).toEqual(["reject"]);
  });
});
