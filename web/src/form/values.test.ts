import { describe, expect, it } from "vitest";
import type { Field, Value } from "../api/types";
import { zh } from "../text/zh";
import type { Entry } from "../types/declared";
import { changedFields, collect, fromRaw, toRaw } from "./values";
import type { Raw } from "./values";

function field(type: Field["type"], more: Partial<Field> = {}): Field {
  return { name: "f", title: { zh: "字段", en: "Field" }, type, ...more };
}

const photo = { id: "ab", name: "a.jpg", size: 3, media: "image/jpeg" };
const square = {
  type: "Polygon",
  coordinates: [
    [
      [0, 0],
      [1, 0],
      [1, 1],
      [0, 0],
    ],
  ],
} as const;

describe("what stands in a control becomes a value of the API", () => {
  const cases: [string, Field, Raw, Value | undefined][] = [
    ["text is trimmed", field("text"), "  井盖 ", "井盖"],
    ["blanks are nothing", field("text"), "   ", undefined],
    ["integer", field("integer"), "-12", -12],
    ["decimal keeps its digits", field("decimal", { scale: 3 }), "0.100", "0.100"],
    ["decimal loses a plus sign only", field("decimal"), "+12.5", "12.5"],
    ["date", field("date"), "2026-02-28", "2026-02-28"],
    ["time is the city's own", field("time"), "2026-03-02T09:00", "2026-03-02T01:00:00.000Z"],
    ["boolean", field("boolean"), false, false],
    ["boolean not touched", field("boolean"), undefined, undefined],
    ["choices", field("choice", { many: true }), ["a", "b"], ["a", "b"]],
    ["no choice", field("choice", { many: true }), [], undefined],
    ["point", field("point"), { lon: 114.5, lat: 38, datum: "gcj02" }, { lon: 114.5, lat: 38, datum: "gcj02" }],
    ["area", field("area"), JSON.stringify(square), square as unknown as Value],
    ["area within a feature", field("area"), JSON.stringify({ type: "Feature", geometry: square }), square as unknown as Value],
    ["one file", field("file"), [photo], photo],
    ["several files", field("file", { many: true }), [photo], [photo]],
    ["rows", field("list", { fields: [field("integer", { name: "n" }), field("text", { name: "t" })] }), [{ n: "3", t: "" }], [{ n: 3 }]],
  ];
  it.each(cases)("%s", (_, declared, raw, want) => expect(fromRaw(declared, raw, zh)).toEqual({ value: want }));
});

describe("what cannot be a value is refused with the reason", () => {
  const cases: [string, Field, Raw, string][] = [
    ["letters for an integer", field("integer"), "3a", zh.form.integerMessage],
    ["a fraction for an integer", field("integer"), "3.5", zh.form.integerMessage],
    ["an integer that JavaScript would round", field("integer"), "9007199254740993", zh.form.integerMessage],
    ["too many decimals", field("decimal", { scale: 2 }), "1.234", zh.form.decimalMessage(2)],
    ["below the least", field("integer", { min: 1 }), "0", zh.form.minMessage(1)],
    ["above the most", field("integer", { max: 5 }), "6", zh.form.maxMessage(5)],
    ["a day that is not in the calendar", field("date"), "2026-02-30", zh.form.dateMessage],
    ["half a time", field("time"), "2026-03-02", zh.form.dateMessage],
    ["too long, counting ideographs outside the BMP once", field("text", { max: 2 }), "𠮷𠮷𠮷", zh.form.lengthMessage(2)],
    ["not of the pattern", field("text", { pattern: "[0-9]{3}" }), "12345", zh.form.patternMessage],
    ["not GeoJSON", field("area"), "{}", zh.form.areaMessage],
  ];
  it.each(cases)("%s", (_, declared, raw, want) => expect(fromRaw(declared, raw, zh)).toEqual({ error: want }));

  it("two ideographs outside the BMP fit in two", () => expect(fromRaw(field("text", { max: 2 }), "𠮷𠮷", zh)).toEqual({ value: "𠮷𠮷" }));
  it("a pattern only the server understands is left to it", () =>
    expect(fromRaw(field("text", { pattern: "(?P<x>a)" }), "b", zh)).toEqual({ value: "b" }));
  it("a row without what it requires", () => {
    const list = field("list", { fields: [field("text", { name: "t", required: true, title: { zh: "事项" } })] });
    expect(fromRaw(list, [{ t: "" }], zh)).toEqual({ error: `${zh.form.itemTitle(1)} ${zh.form.requiredMessage("事项")}` });
  });
});

describe("a value comes back out of its control unchanged", () => {
  const cases: [Field, Value][] = [
    [field("text"), "井盖"],
    [field("integer"), 42],
    [field("decimal"), "12.50"],
    [field("boolean"), true],
    [field("date"), "2026-03-02"],
    [field("time"), "2026-03-02T01:00:00.000Z"],
    [field("choice", { many: true }), ["a", "b"]],
    [field("reference"), "0192"],
    [field("point"), { lon: 114.51, lat: 38.04 }],
    [field("file", { many: true }), [photo]],
    [field("file"), photo],
    [field("list", { fields: [field("integer", { name: "n" })] }), [{ n: 1 }]],
  ];
  it.each(cases)("%j", (declared, value) => expect(fromRaw(declared, toRaw(declared, value), zh)).toEqual({ value }));

  it("a single file that the server keeps as a list", () => expect(toRaw(field("file"), [photo])).toEqual([photo]));
});

function entry(name: string, more: Partial<Entry> = {}): Entry {
  return { name, field: field("text", { name, title: { zh: name } }), required: false, note: false, ...more };
}

describe("a whole form", () => {
  const title = (label: { zh: string }) => label.zh;

  it("sends the note beside the fields", () => {
    const got = collect([entry("a"), entry("note", { note: true })], { a: "1", note: "快办" }, {}, zh, title);
    expect(got).toEqual({ fields: { a: "1" }, note: "快办", errors: new Map() });
  });

  it("names every field that lacks its value", () => {
    const got = collect([entry("a", { required: true }), entry("b", { required: true })], { a: "", b: undefined }, {}, zh, title);
    expect([...got.errors]).toEqual([
      ["a", zh.form.requiredMessage("a")],
      ["b", zh.form.requiredMessage("b")],
    ]);
  });

  it("empties what had a value, and is silent about what had none", () => {
    const got = collect([entry("a"), entry("b")], { a: "", b: "" }, { a: "old" }, zh, title);
    expect(got.fields).toEqual({ a: null });
  });
});

describe("a revision", () => {
  it("holds what differs only, whatever the order of keys", () => {
    const before = { a: "1", p: { lat: 38, lon: 114 }, gone: null };
    expect(changedFields({ a: "1", p: { lon: 114, lat: 38 }, b: "2", gone: null }, before)).toEqual({ b: "2" });
  });
});
