import { cleanup, screen } from "@testing-library/react";
import { afterEach, describe, expect, it, vi } from "vitest";
import { show } from "../test/render";
import { pretendServer } from "../test/server";
import { zh } from "../text/zh";
import { Sources } from "./Sources";

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

describe("sources of data", () => {
  it("tell how they fare", async () => {
    const fine = { name: "a", title: { zh: "实时空气" }, dataset: "air-hour", running: true, failures: 0, rows: 12, last_at: "2026-03-01T00:00:00Z" };
    const error = { zh: "对方服务器没有在时限内答复", en: "the server has not answered in time" };
    pretendServer({ "GET /api/sources": { body: { items: [fine, { ...fine, name: "b", title: { zh: "许可库" }, running: false, failures: 2, error }] } } });
    show(<Sources refresh={60_000} />);
    expect(await screen.findByText("实时空气")).toBeTruthy();
    expect(screen.getByText(zh.admin.sourceRunning)).toBeTruthy();
    expect(screen.getByText(error.zh)).toBeTruthy();
  });
});
