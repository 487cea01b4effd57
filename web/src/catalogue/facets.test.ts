import { describe, expect, it } from "vitest";
import type { TypeSummary } from "../api/types";
import { countsOf, narrowed, toggled } from "./facets";

const type = (name: string, owner: string, sharing: string): TypeSummary => ({
  name,
  kind: "record",
  pack: "p",
  title: { zh: name },
  owner,
  sharing,
});
const types = [type("a", "公安局", "conditional"), type("b", "公安局", "none"), type("c", "民政局", "none")];

describe("the facets of the catalogue", () => {
  it("narrow together, and several values of one widen", () => {
    expect(narrowed(types, { owner: "公安局", sharing: "none" }).map(({ name }) => name)).toEqual(["b"]);
    expect(narrowed(types, { owner: "公安局,民政局" })).toHaveLength(3);
    expect(narrowed(types, { owner: "" })).toHaveLength(3);
  });
  it("count what each value would give beside what the others narrow", () => {
    expect(countsOf(types, { sharing: "none", owner: "公安局" }, "owner")).toEqual([
      { value: "公安局", count: 1 },
      { value: "民政局", count: 1 },
    ]);
    expect(countsOf(types, { sharing: "conditional", owner: "民政局" }, "owner")).toEqual([
      { value: "公安局", count: 1 },
      { value: "民政局", count: 0 },
    ]);
  });
  it("are chosen and given up", () => {
    expect(toggled({}, "owner", "公安局", true)).toBe("公安局");
    expect(toggled({ owner: "公安局,民政局" }, "owner", "公安局", false)).toBe("民政局");
  });
});
