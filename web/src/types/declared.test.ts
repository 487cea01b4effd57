import { describe, expect, it } from "vitest";
import type { Item, Type } from "../api/types";
import { textOf } from "../text";
import { columnsOf, entriesOf, isBuiltin, itemTitle, nameTitle, startActions } from "./declared";

const type: Type = {
  name: "incident",
  kind: "case",
  pack: "city-governance",
  title: { zh: "城市事件", en: "Incident" },
  fields: [
    { name: "category", title: { zh: "类别", en: "Category" }, type: "reference", ref: "event-category", required: true },
    { name: "class", title: { zh: "大类" }, type: "text", computed: true },
    { name: "place", title: { zh: "位置" }, type: "point" },
  ],
  list: ["number", "category", "state", "gone"],
  process: {
    states: [],
    actions: [
      { name: "report", title: { zh: "上报" }, start: true, to: "reported" },
      { name: "import", title: { zh: "导入" }, start: true, system: true },
      { name: "assign", title: { zh: "派遣" }, from: ["reported"] },
    ],
  },
};
const item: Item = { id: "0192abcdef", type: "incident", rev: 1, created_at: "", updated_at: "", fields: { category: "c1" } };

describe("columns", () => {
  it("are the type's, without names that mean nothing", () => expect(columnsOf(type)).toEqual(["number", "category", "state"]));
  it("are the screen's where it has some", () => expect(columnsOf(type, ["state"])).toEqual(["state"]));
  it("are made up where none are declared", () =>
    expect(columnsOf({ ...type, list: [] })).toEqual(["number", "category", "class", "state", "light"]));
  it("have titles in the user's language", () => {
    expect(nameTitle(type, "category", textOf("en"))).toBe("Category");
    expect(nameTitle(type, "state", textOf("en"))).toBe("State");
    expect(nameTitle(type, "class", textOf("en"))).toBe("大类");
  });
  it("a record has no facts of a case", () => {
    expect(isBuiltin(type, "state")).toBe(true);
    expect(isBuiltin({ ...type, kind: "record" }, "state")).toBe(false);
    expect(isBuiltin({ ...type, fields: [{ name: "state", title: { zh: "" }, type: "text" }] }, "state")).toBe(true); // the server lists its own fields too
    expect(isBuiltin({ ...type, fields: [{ name: "title", title: { zh: "" }, type: "text" }] }, "title")).toBe(false);
  });
});

describe("what an item is called", () => {
  const text = textOf("zh");
  it("as the server says", () => expect(itemTitle({ ...item, title: { zh: "井盖" } }, type, text)).toBe("井盖"));
  it("else by the label of its title field", () =>
    expect(itemTitle({ ...item, labels: { category: { zh: "井盖缺失" } } }, { ...type, title_field: "category" }, text)).toBe("井盖缺失"));
  it("else by its number", () =>
    expect(itemTitle({ ...item, case: { number: "SJ1", state: "a", opened_at: "" } }, type, text)).toBe("SJ1"));
  it("else by the start of its id", () => expect(itemTitle(item, undefined, text)).toBe("0192abcd"));
});

describe("forms", () => {
  it("offer a person's start actions only", () => expect(startActions(type).map((action) => action.name)).toEqual(["report"]));

  it("have a line for each field, for the unit a case goes to, and for the note", () => {
    const listed: Type = {
      ...type,
      fields: [...type.fields, { name: "unit", title: { zh: "承办单位" }, type: "reference", ref: "org", computed: true }],
    };
    const entries = entriesOf(
      listed,
      [{ field: "category" }, { field: "unit", required: true }, { note: true, required: true }, { field: "class" }, { field: "nowhere" }],
      "说明",
    );
    expect(entries.map(({ name, required, note, field }) => [name, required, note, field.ref])).toEqual([
      ["category", true, false, "event-category"],
      ["unit", true, false, "org"],
      ["note", true, true, undefined],
    ]);
  });
  it("a person to whom the case goes is chosen among people", () => {
    const [entry] = entriesOf(type, [{ field: "assignee", required: true }], "说明");
    expect([entry?.field.type, entry?.field.ref, entry?.required]).toEqual(["reference", "person", true]);
  });
});
