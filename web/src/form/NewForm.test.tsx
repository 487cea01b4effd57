import { cleanup, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { Type } from "../api/types";
import { pretendServer } from "../test/server";
import { show } from "../test/render";
import { zh } from "../text/zh";
import { NewForm } from "./NewForm";

const type: Type = {
  name: "complaint",
  kind: "case",
  pack: "p",
  title: { zh: "投诉", en: "Complaint" },
  fields: [
    { name: "what", title: { zh: "事由", en: "Matter" }, type: "text", required: true, max: 10 },
    {
      name: "kind",
      title: { zh: "类别", en: "Kind" },
      type: "choice",
      choices: [
        { value: "a", title: { zh: "甲" } },
        { value: "b", title: { zh: "乙" } },
      ],
    },
    { name: "score", title: { zh: "评分", en: "Score" }, type: "integer", min: 1, max: 5 },
    { name: "fee", title: { zh: "金额", en: "Fee" }, type: "decimal", scale: 2 },
  ],
  process: {
    states: [{ name: "open", title: { zh: "受理" }, kind: "start" }],
    actions: [
      {
        name: "complain",
        title: { zh: "提交投诉", en: "Complain" },
        start: true,
        to: "open",
        form: [{ field: "what", required: true }, { field: "kind" }, { field: "score" }, { field: "fee" }, { note: true }],
      },
    ],
  },
};

const made = {
  id: "1",
  type: "complaint",
  rev: 1,
  created_at: "",
  updated_at: "",
  fields: {},
  case: { number: "TS001", state: "open", state_title: { zh: "受理" }, opened_at: "" },
};
const session = { body: { person: { id: "p", name: "甲" }, faces: ["public"] } };

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

describe("a form drawn from a declaration", () => {
  it("sends what was entered, in the API's types, and shows the number", async () => {
    const { sent } = pretendServer({ "GET /api/session": session, "POST /api/cases/complaint": { status: 201, body: made } });
    show(<NewForm type={type} />);
    const user = userEvent.setup();
    await user.type(await screen.findByRole("textbox", { name: /事由/ }), " 噪声 ");
    await user.click(within(screen.getByRole("group", { name: /类别/ })).getByRole("radio", { name: "乙" }));
    await user.click(within(screen.getByRole("group", { name: /评分/ })).getByRole("radio", { name: "4" }));
    await user.type(screen.getByRole("textbox", { name: /金额/ }), "12.50");
    await user.type(screen.getByRole("textbox", { name: /说明/ }), "夜里");
    await user.click(screen.getByRole("button", { name: "提交投诉" }));
    await screen.findByText("TS001");
    expect(sent.find((one) => one.method === "POST")?.body).toEqual({
      action: "complain",
      fields: { what: "噪声", kind: "b", score: 4, fee: "12.50" },
      note: "夜里",
    });
  });

  it("sends nothing while something is missing, and says what", async () => {
    const { sent } = pretendServer({ "GET /api/session": session });
    show(<NewForm type={type} />);
    const user = userEvent.setup();
    await user.click(await screen.findByRole("button", { name: "提交投诉" }));
    const alert = await screen.findByRole("alert");
    expect(alert.textContent).toContain(zh.form.requiredMessage("事由"));
    await waitFor(() => expect(document.activeElement).toBe(alert));
    expect(screen.getByRole("textbox", { name: /事由/ }).getAttribute("aria-invalid")).toBe("true");
    expect(sent.filter((one) => one.method === "POST")).toEqual([]);
  });

  it("puts the server's errors on their fields, in the user's language", async () => {
    pretendServer({
      "GET /api/session": session,
      "POST /api/cases/complaint": {
        status: 422,
        body: {
          code: "invalid",
          errors: [
            { path: "fields.fee", zh: "金额过大", en: "Fee too high" },
            { path: "elsewhere", zh: "其他", en: "Something else" },
          ],
        },
      },
    });
    show(<NewForm type={type} />, { lang: "en" });
    const user = userEvent.setup();
    await user.type(await screen.findByRole("textbox", { name: /Matter/ }), "noise");
    await user.click(screen.getByRole("button", { name: "Complain" }));
    const alert = await screen.findByRole("alert");
    expect(alert.textContent).toContain("Fee — Fee too high");
    expect(alert.textContent).toContain("Something else");
    const fee = screen.getByRole("textbox", { name: /Fee/ });
    const described = fee
      .getAttribute("aria-describedby")
      ?.split(" ")
      .map((id) => document.getElementById(id)?.textContent);
    expect(described).toContain("Fee too high");
  });

  it("says so when the server cannot be reached, and keeps what was entered", async () => {
    vi.stubGlobal("fetch", () => Promise.reject(new TypeError("network")));
    show(<NewForm type={type} />);
    const user = userEvent.setup();
    await user.type(await screen.findByRole("textbox", { name: /事由/ }), "噪声");
    await user.click(screen.getByRole("button", { name: "提交投诉" }));
    expect((await screen.findByRole("alert")).textContent).toContain(zh.problem.offline);
    expect((screen.getByRole("textbox", { name: /事由/ }) as HTMLInputElement).value).toBe("噪声");
  });

  it("offers nothing where the user may start nothing", async () => {
    pretendServer({ "GET /api/session": session });
    show(<NewForm type={{ ...type, process: { states: [], actions: [] } }} />);
    await screen.findByText(zh.form.noAction);
  });
});
