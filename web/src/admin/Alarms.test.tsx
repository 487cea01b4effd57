import { cleanup, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, describe, expect, it, vi } from "vitest";
import { show } from "../test/render";
import { pretendServer } from "../test/server";
import { zh } from "../text/zh";
import { Alarms } from "./Alarms";

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

describe("alarms of the evidence", () => {
  it("are acknowledged with a word, which those acknowledged show", async () => {
    const alarm = { n: 7, at: 1767225600000, kind: "rollback", seq: -1, detail: "a log of 9 leaves was checked before" };
    const { sent } = pretendServer({
      "GET /api/admin/evidence/alarms": {
        body: { items: [alarm, { ...alarm, n: 3, kind: "root", acknowledged_at: 1767225700000, acknowledged_by: "合成丁", note: "磁盘已更换" }] },
      },
      "POST /api/admin/evidence/alarms/7/acknowledge": {},
    });
    show(<Alarms refresh={60_000} />);
    const user = userEvent.setup();
    expect((await screen.findByRole("alert")).textContent).toContain(zh.evidence.alarmKinds.rollback);
    expect(screen.getByRole("alert").textContent).not.toContain(zh.evidence.alarmKinds.root);
    expect(screen.getByText(zh.evidence.acknowledged(1))).toBeTruthy();
    expect(screen.getByText(/合成丁 · 磁盘已更换/)).toBeTruthy();
    await user.type(screen.getByLabelText(zh.evidence.outcome), " 演练时恢复了旧备份 ");
    await user.click(screen.getByRole("button", { name: zh.evidence.acknowledge }));
    await waitFor(() => expect(sent.find((s) => s.method === "POST")?.body).toEqual({ note: "演练时恢复了旧备份" }));
    await waitFor(() => expect(sent.filter((s) => s.method === "GET")).toHaveLength(2));
  });
});
