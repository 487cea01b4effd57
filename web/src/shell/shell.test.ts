import { describe, expect, it } from "vitest";
import type { NavItem, Session } from "../api/types";
import { homeFace } from "../session/session";
import { safeNext } from "../session/SignIn";
import { byPack, itemHref, navOf, screenPath } from "./paths";
import { parseSearch, stringifySearch } from "./search";

const item = (name: string, face: NavItem["face"], order?: number): NavItem => ({
  name,
  pack: name.split("/")[0] ?? "",
  face,
  title: { zh: name },
  view: "list",
  order,
});

describe("navigation", () => {
  const items = [item("b/two", "office", 20), item("a/last", "office"), item("a/one", "office", 10), item("a/x", "public", 1)];
  it("is of one face, in the declared order", () =>
    expect(navOf(items, "office").map((one) => one.name)).toEqual(["a/one", "b/two", "a/last"]));
  it("is grouped by pack", () =>
    expect(byPack(navOf(items, "office")).map((group) => [group.pack, group.items.length])).toEqual([
      ["a", 2],
      ["b", 1],
    ]));
  it("leads to the screen in its face", () => expect(screenPath(item("a/one", "office"))).toBe("/office/s/a/one"));
  it("leads from the command screen into the office", () => expect(itemHref("screen", "incident", "1")).toBe("/office/t/incident/1"));
});

describe("addresses", () => {
  it("stay readable", () =>
    expect(stringifySearch({ state: "a,b", opened_at: "2026-03-01..", q: "井盖 灯", empty: "", none: undefined })).toBe(
      "?state=a,b&opened_at=2026-03-01..&q=%E4%BA%95%E7%9B%96+%E7%81%AF",
    ));
  it("come back as they were", () => {
    const search = { state: "a,b", q: "1+1=2&x", next: "/office/inbox?scope=mine" };
    expect(parseSearch(stringifySearch(search))).toEqual(search);
  });
  it("numbers stay text", () => expect(parseSearch("?number=001")).toEqual({ number: "001" }));
});

describe("after signing in", () => {
  it.each([
    ["/office/inbox?scope=mine", "/office/inbox?scope=mine"],
    ["//evil.example", undefined],
    ["/\\evil.example", undefined],
    ["https://evil.example", undefined],
    ["/login?next=/", undefined],
    [undefined, undefined],
  ])("goes on to %j: %j", (next, want) => expect(safeNext(next)).toBe(want));

  it.each([
    [["public"], "public"],
    [["public", "office", "screen"], "office"],
    [["public", "admin"], "admin"],
    [["public", "screen"], "screen"],
  ] as const)("faces %j: home is %s", (faces, want) => expect(homeFace({ person: null, faces: [...faces] } satisfies Session)).toBe(want));
});
