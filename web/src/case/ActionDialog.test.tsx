import { cleanup, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { CaseAction, Item, Type } from "../api/types";
import { pretendServer } from "../test/server";
import type { Sent } from "../test/server";
import { show } from "../test/render";
import { zh } from "../text/zh";
import { ActionDialog } from "./ActionDialog";

const type: Type = {
  name: "complaint",
  kind: "case",
  pack: "p",
  title: { zh: "投诉" },
  fields: [
    { name: "result", title: { zh: "结果" }, type: "text", required: true },
    { name: "address", title: { zh: "地址" }, type: "text" },
    { name: "phone", title: { zh: "电话" }, type: "text", mask: "phone" },
  ],
};

const opened: Item = {
  id: "1",
  type: "complaint",
  rev: 3,
  created_at: "",
  updated_at: "",
  fields: { address: "旧地址", phone: "138****0000" },
  masked: ["phone"],
  case: { number: "TS001", state: "open", opened_at: "" },
};

const action: CaseAction = {
  name: "resolve",
  title: { zh: "处置完成" },
  ok: true,
  form: [{ field: "result", required: true }, { field: "address" }, { field: "phone" }],
};
const path = "/api/cases/complaint/1";

const posts = (sent: Sent[]) => sent.filter((one) => one.method === "POST").map((one) => one.body);

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

describe("an action on a case", () => {
  it("carries the revision the user saw, and never a masked value", async () => {
    const { sent } = pretendServer({ [`POST ${path}/resolve`]: { body: opened } });
    const close = vi.fn();
    show(<ActionDialog type={type} opened={opened} action={action} close={close} />);
    const user = userEvent.setup();
    await user.type(await screen.findByRole("textbox", { name: /结果/ }), "已修好");
    await user.click(screen.getByRole("button", { name: "处置完成" }));
    await waitFor(() => expect(close).toHaveBeenCalled());
    expect(posts(sent)).toEqual([{ rev: 3, fields: { result: "已修好", address: "旧地址" } }]);
  });

  it("explains a conflict, takes over what others changed, keeps what the user entered, and goes on from there", async () => {
    const latest = { ...opened, rev: 4, fields: { ...opened.fields, address: "新地址" } };
    let rev = 0;
    const { sent } = pretendServer({
      [`POST ${path}/resolve`]: ({ body }) => {
        rev = (body as { rev: number }).rev;
        return rev === 4 ? { body: latest } : { status: 409, body: { code: "stale-revision" } };
      },
      [`GET ${path}`]: { body: latest },
    });
    const close = vi.fn();
    show(<ActionDialog type={type} opened={opened} action={action} close={close} />);
    const user = userEvent.setup();
    await user.type(await screen.findByRole("textbox", { name: /结果/ }), "已修好");
    await user.click(screen.getByRole("button", { name: "处置完成" }));
    await user.click(await screen.findByRole("button", { name: zh.conflict.reload }));
    await waitFor(() => expect((screen.getByRole("textbox", { name: /地址/ }) as HTMLInputElement).value).toBe("新地址"));
    expect((screen.getByRole("textbox", { name: /结果/ }) as HTMLInputElement).value).toBe("已修好");
    await user.click(screen.getByRole("button", { name: "处置完成" }));
    await waitFor(() => expect(close).toHaveBeenCalled());
    expect(posts(sent).at(-1)).toEqual({ rev: 4, fields: { result: "已修好", address: "新地址" } });
  });

  it("shows which condition forbids it", async () => {
    pretendServer({
      [`POST ${path}/resolve`]: { status: 422, body: { code: "guard", why: [{ zh: "请上传照片", en: "A photo is required" }] } },
    });
    const close = vi.fn();
    show(<ActionDialog type={type} opened={opened} action={action} close={close} />);
    const user = userEvent.setup();
    await user.type(await screen.findByRole("textbox", { name: /结果/ }), "x");
    await user.click(screen.getByRole("button", { name: "处置完成" }));
    await screen.findByText("请上传照片");
    expect(close).not.toHaveBeenCalled();
  });

  it("asks again before what cannot be taken back", async () => {
    pretendServer({});
    show(<ActionDialog type={type} opened={opened} action={{ ...action, style: "danger" }} close={() => {}} />);
    expect((await screen.findByRole("dialog")).textContent).toContain(zh.case.dangerTitle("处置完成"));
  });

  it("sends the case to a person found among those of its unit", async () => {
    const li = { id: "p1", name: "李四", org: "team", org_name: { zh: "建北队", en: "" } };
    const { sent } = pretendServer({
      "GET /api/people": ({ path: asked }) => ({ body: { items: asked.includes("unit=team") ? [li] : [] } }),
      [`POST ${path}/hand`]: { body: opened },
    });
    const hand: CaseAction = { name: "hand", title: { zh: "交给同事" }, ok: true, form: [{ field: "assignee", required: true }] };
    const close = vi.fn();
    const item: Item = { ...opened, case: { number: "TS001", state: "open", opened_at: "", unit: "team" } };
    show(<ActionDialog type={type} opened={item} action={hand} close={close} />);
    const user = userEvent.setup();
    await user.type(await screen.findByRole("combobox", { name: /承办人/ }), "李");
    await user.click(await screen.findByText("李四 · 建北队"));
    await user.click(screen.getByRole("button", { name: "交给同事" }));
    await waitFor(() => expect(close).toHaveBeenCalled());
    expect(posts(sent)).toEqual([{ rev: 3, fields: { assignee: "p1" } }]);
  });
});
