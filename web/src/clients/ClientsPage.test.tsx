import { cleanup, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, describe, expect, it, vi } from "vitest";
import { show } from "../test/render";
import { pretendServer } from "../test/server";
import { zh } from "../text/zh";
import { ClientsPage } from "./ClientsPage";
import type { Client, MayEnter } from "./clients";

const words = zh.clients;
const hr: MayEnter = { org: "1301-hr", org_name: { zh: "人社局" }, role: "data-user", title: { zh: "用数专员" } };
const old: Client = {
  id: "c1",
  name: "旧系统",
  org: "1301-hr",
  org_name: { zh: "人社局" },
  roles: ["data-user"],
  created_at: "2026-01-05T00:00:00.000Z",
  expires_at: "2999-01-05T00:00:00.000Z",
  per_minute: 0,
  disabled: false,
  signs: false,
};

/** antd sets a blank between the two characters of a short word. */
const spaced = (word: string) => new RegExp(`^${[...word].join("\\s?")}$`);

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

describe("API clients", () => {
  it("shows the key of a new one once, with a call that uses it", async () => {
    const { sent } = pretendServer({
      "GET /api/clients": { body: { items: [old], may: [hr] } },
      "POST /api/clients": { status: 201, body: { ...old, id: "c2", name: "社保系统", key: "csk_secret" } },
    });
    show(<ClientsPage />);
    const user = userEvent.setup();
    await user.type(await screen.findByLabelText(words.name), " 社保系统 ");
    await user.click(screen.getByRole("button", { name: spaced(words.enter) }));
    await screen.findByText("csk_secret");
    screen.getByText(/^curl -H "Authorization: Bearer csk_secret" http.*\/api\/grants$/);
    expect(sent.find((one) => one.method === "POST")?.body).toEqual({
      name: "社保系统",
      org: "1301-hr",
      role: "data-user",
      days: 365,
      per_minute: 0,
    });
    await waitFor(() => expect(sent.filter((one) => one.method === "GET")).toHaveLength(2));
    await user.click(screen.getByRole("button", { name: words.seen }));
    expect(screen.queryByText(/csk_secret/)).toBeNull();
  });

  it("takes a public key from one that signs, and puts what is wrong beside its field", async () => {
    const { sent } = pretendServer({
      "GET /api/clients": { body: { items: [], may: [hr] } },
      "POST /api/clients": {
        status: 422,
        body: { code: "bad-client", text: { zh: "信息有误" }, errors: [{ path: "public_key", zh: "这是私钥", en: "private" }] },
      },
    });
    show(<ClientsPage />);
    const user = userEvent.setup();
    await user.type(await screen.findByLabelText(words.name), "社保系统");
    await user.click(screen.getByRole("radio", { name: words.bySignature }));
    await user.type(await screen.findByLabelText(words.publicKey), "PEM");
    await user.click(screen.getByRole("button", { name: spaced(words.enter) }));
    await screen.findByText("这是私钥");
    expect(sent.find((one) => one.method === "POST")?.body).toMatchObject({ public_key: "PEM" });
  });

  it("revokes one after asking, and not one that is revoked", async () => {
    const { sent } = pretendServer({
      "GET /api/clients": { body: { items: [old, { ...old, id: "c0", name: "更旧的", disabled: true }], may: [hr] } },
      "DELETE /api/clients/c1": { status: 200 },
    });
    show(<ClientsPage />);
    const user = userEvent.setup();
    await user.click(await screen.findByRole("button", { name: words.revokeNamed("旧系统") }));
    expect(screen.queryByRole("button", { name: words.revokeNamed("更旧的") })).toBeNull();
    expect(sent.some((one) => one.method === "DELETE")).toBe(false);
    const dialog = await screen.findByRole("dialog");
    await user.click(within(dialog).getByRole("button", { name: spaced(words.revoke) }));
    await waitFor(() => expect(sent.some((one) => one.method === "DELETE" && one.path === "/api/clients/c1")).toBe(true));
  });

  it("offers no form to those who may enter none", async () => {
    pretendServer({ "GET /api/clients": { body: { items: [], may: [] } } });
    show(<ClientsPage />);
    await screen.findByText(words.empty);
    expect(screen.queryByRole("button", { name: spaced(words.enter) })).toBeNull();
  });
});
