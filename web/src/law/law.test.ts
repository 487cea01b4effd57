import { describe, expect, it } from "vitest";
import type { LawArticle } from "../api/types";
import { textOf } from "../text";
import { matches } from "./filter";
import { articleNumeral, chineseNumber } from "./numerals";

describe("numbers as Chinese law writes them", () => {
  it.each([
    [1, "一"],
    [10, "十"],
    [11, "十一"],
    [20, "二十"],
    [36, "三十六"],
    [61, "六十一"],
    [0, "0"],
    [100, "100"],
  ])("%i is %s", (value, want) => expect(chineseNumber(value)).toBe(want));
  it("in English they stay figures", () => expect(articleNumeral("36", "en")).toBe("36"));
});

describe("finding articles", () => {
  const article: LawArticle = {
    number: "36",
    text: { zh: "一网统管" },
    built: "part",
    departments: ["城管局"],
    packs: [{ name: "city-governance", title: { zh: "一网统管", en: "City governance" } }],
    overdue: 0,
  };
  it.each([
    ["", "all", true],
    ["36", "all", true],
    ["城管", "all", true],
    ["city gov", "all", false], // the Chinese page shows Chinese titles
    ["", "part", true],
    ["", "yes", false],
    ["", "overdue", false],
    ["城管", "no", false],
  ] as const)("words %j among %s: %s", (words, show, want) => expect(matches(article, { words, show }, textOf("zh"))).toBe(want));
  it("by English words on the English page", () => expect(matches(article, { words: "City Gov", show: "all" }, textOf("en"))).toBe(true));
  it("with overdue duties", () => expect(matches({ ...article, overdue: 2 }, { words: "", show: "overdue" }, textOf("zh"))).toBe(true));
});
