import { describe, expect, it } from "vitest";
import { arrive } from "./useArrivals";

describe("what is new in a list", () => {
  const first = arrive({ scope: "", known: new Set(), fresh: new Set() }, "unit", ["a", "b"]);

  it("is nothing when it is first shown", () => expect([...first.fresh]).toEqual([]));
  it("is what was not there before", () => expect([...arrive(first, "unit", ["c", "a", "b"]).fresh]).toEqual(["c"]));
  it("is nothing when tasks only leave", () => expect(arrive(first, "unit", ["b"])).toBe(first));
  it("is not what comes back", () => expect(arrive(arrive(first, "unit", ["b"]), "unit", ["a", "b"]).fresh.size).toBe(0));
  it("is nothing when another list is shown", () => expect(arrive(first, "mine", ["z"]).fresh.size).toBe(0));
});
