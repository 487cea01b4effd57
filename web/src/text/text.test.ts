import { describe, expect, it } from "vitest";
import { dictionaries, pickLabel, wordFor } from ".";

function leaves(value: unknown, path = ""): [string, unknown][] {
  if (value !== null && typeof value === "object") return Object.entries(value).flatMap(([key, inner]) => leaves(inner, `${path}.${key}`));
  return [[path, value]];
}

describe("the dictionaries", () => {
  it("say something everywhere", () => {
    const silent = Object.entries(dictionaries).flatMap(([lang, words]) =>
      leaves(words)
        .filter(([, value]) => value === "")
        .map(([path]) => lang + path),
    );
    expect(silent).toEqual([]);
  });
  it("are in their own languages", () => {
    const chinese = leaves(dictionaries.en).filter(
      ([path, value]) => typeof value === "string" && /\p{Script=Han}/u.test(value) && path !== ".header.language",
    );
    expect(chinese).toEqual([]);
  });
});

describe("labels", () => {
  it("fall back to the other language", () => {
    expect(pickLabel("en", { zh: "建北街道", en: "" })).toBe("建北街道");
    expect(pickLabel("zh", { zh: "", en: "X" })).toBe("X");
    expect(pickLabel("en", "as it is")).toBe("as it is");
    expect(pickLabel("en", null)).toBe("");
  });
  it("of codes nobody knows are the codes, also of names that every object has", () => {
    expect(wordFor({ live: "实时" }, "live")).toBe("实时");
    expect(wordFor({ live: "实时" }, "odd")).toBe("odd");
    expect(wordFor({ live: "实时" }, "constructor")).toBe("constructor");
  });
});
