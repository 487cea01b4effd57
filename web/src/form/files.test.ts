import { describe, expect, it } from "vitest";
import type { Field } from "../api/types";
import { zh } from "../text/zh";
import { fileFault } from "./files";

const photos: Field = { name: "photos", title: { zh: "照片" }, type: "file", accept: ["image/*", ".pdf"], max_bytes: 1000 };

describe("a file is judged before it is sent", () => {
  it.each([
    ["a.jpg", "image/jpeg", 1000, undefined],
    ["A.PDF", "application/pdf", 10, undefined],
    ["a.jpg", "image/jpeg", 1001, zh.file.tooLarge("a.jpg", "1000 B")],
    ["a.jpg", "image/jpeg", 0, zh.file.empty("a.jpg")],
    ["a.exe", "application/x-msdownload", 10, zh.file.wrongKind("a.exe")],
  ])("%s of type %s and %i bytes", (name, type, size, want) => expect(fileFault({ name, type, size }, photos, zh)).toBe(want));

  it("takes any kind where none is declared, up to 20 MiB", () => {
    const any: Field = { name: "f", title: { zh: "" }, type: "file" };
    expect(fileFault({ name: "a", type: "", size: 20 * 1024 * 1024 }, any, zh)).toBeUndefined();
    expect(fileFault({ name: "a", type: "", size: 20 * 1024 * 1024 + 1 }, any, zh)).toBe(zh.file.tooLarge("a", "20 MB"));
  });
});
