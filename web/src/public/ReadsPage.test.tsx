import { cleanup, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, describe, expect, it, vi } from "vitest";
import { pretendServer } from "../test/server";
import { show } from "../test/render";
import { en } from "../text/en";
import { zh } from "../text/zh";
import { ReadsPage } from "./ReadsPage";

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

const none = { body: { items: [] } };
const offered = { body: { offered: true, linked: false } };

describe("who read my data", () => {
  it("links the account with a record by name and number, and loads the readings again", async () => {
    const { sent } = pretendServer({
      "GET /api/me/reads": none,
      "GET /api/me/identity": offered,
      "POST /api/me/identity": { body: { offered: true, linked: true } },
    });
    show(<ReadsPage />);
    const user = userEvent.setup();
    await user.click(await screen.findByRole("button", { name: zh.reads.prove }));
    expect(await screen.findByText(zh.form.requiredMessage(zh.reads.proveName))).toBeTruthy();
    await user.type(screen.getByLabelText(zh.reads.proveName), "合成乙");
    await user.type(screen.getByLabelText(zh.reads.proveNumber), "11010519491231002X");
    await user.click(screen.getByRole("button", { name: zh.reads.prove }));
    expect(await screen.findByText(zh.reads.linked)).toBeTruthy();
    expect(sent.find((s) => s.method === "POST")?.body).toEqual({ name: "合成乙", number: "11010519491231002X" });
    expect(screen.queryByLabelText(zh.reads.proveNumber)).toBeNull();
    await waitFor(() => expect(sent.filter((s) => s.path.startsWith("/api/me/reads"))).toHaveLength(2));
  });

  it("says in the user's language why it could not", async () => {
    const refused = { code: "not-proven", status: 422, text: { zh: "未能核实", en: "not proven" } };
    pretendServer({
      "GET /api/me/reads": none,
      "GET /api/me/identity": offered,
      "POST /api/me/identity": { status: 422, body: refused },
    });
    show(<ReadsPage />, { lang: "en" });
    const user = userEvent.setup();
    await user.type(await screen.findByLabelText(en.reads.proveName), "A");
    await user.type(screen.getByLabelText(en.reads.proveNumber), "11010519491231002X");
    await user.click(screen.getByRole("button", { name: en.reads.prove }));
    expect((await screen.findByRole("alert")).textContent).toContain("not proven");
  });

  it("offers nothing where there is no register", async () => {
    pretendServer({ "GET /api/me/reads": none, "GET /api/me/identity": { body: { offered: false, linked: false } } });
    show(<ReadsPage />);
    expect(await screen.findByText(zh.reads.empty)).toBeTruthy();
    expect(screen.queryByRole("button", { name: zh.reads.prove })).toBeNull();
  });
});
