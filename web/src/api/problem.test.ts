import { describe, expect, it } from "vitest";
import { textOf } from "../text";
import { problemText } from "../kit/problemText";
import { Problem, fieldErrors, problemOf } from "./problem";

describe("reading a problem", () => {
  it("keeps code, texts, errors and reasons", async () => {
    const body = {
      code: "guard",
      detail: "条件不满足",
      text: { zh: "条件不满足", en: "Conditions not met" },
      why: [{ zh: "缺照片", en: "No photo" }],
      errors: [{ path: "fields.place", zh: "选点", en: "Pick" }],
    };
    const problem = await problemOf(new Response(JSON.stringify(body), { status: 422 }));
    expect(problem).toMatchObject({
      status: 422,
      code: "guard",
      why: [{ zh: "缺照片" }],
      errors: [{ path: "fields.place", message: { en: "Pick" } }],
    });
    expect(problemText(problem, textOf("en"))).toBe("Conditions not met");
  });

  it("takes the detail where a proxy's problem has no text", () => {
    expect(problemText(new Problem(503, { detail: "busy" }), textOf("zh"))).toBe("busy");
  });

  it("makes do with a body that is no problem", async () => {
    const problem = await problemOf(new Response("<html>", { status: 502 }));
    expect(problem.code).toBe("502");
    expect(problemText(problem, textOf("zh"))).toBe(textOf("zh").t.problem.unavailable);
  });

  it("says how long to wait after a lock-out", async () => {
    const problem = await problemOf(
      new Response(JSON.stringify({ code: "locked-out" }), { status: 429, headers: { "Retry-After": "60" } }),
    );
    expect(problemText(problem, textOf("en"))).toContain("60 seconds");
  });
});

describe("errors on form fields", () => {
  const problem = (path: string) => new Problem(422, { errors: [{ path, zh: "不对", en: "wrong" }] });

  it.each(["place", "fields.place", "/fields/place/lon", "body.fields.place", "fields.photos[0].place"])(
    "finds the field in %s",
    (path) => {
      const { byField, rest } = fieldErrors(problem(path), ["place", "note"]);
      expect([...byField.keys()]).toEqual(["place"]);
      expect(rest).toEqual([]);
    },
  );

  it("keeps what belongs to no field shown", () => {
    const { byField, rest } = fieldErrors(problem("fields.unknown"), ["place"]);
    expect(byField.size).toBe(0);
    expect(rest).toEqual([{ zh: "不对", en: "wrong" }]);
  });
});
