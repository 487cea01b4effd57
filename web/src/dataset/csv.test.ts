import { describe, expect, it } from "vitest";
import { csvOf } from "./csv";

describe("a CSV file", () => {
  it("keeps quotes, commas and line ends within their cells", () => {
    expect(csvOf([["a,b", 'c"d', "e\nf"]])).toBe('\ufeff"a,b","c""d","e\nf"\r\n');
  });
  it("holds nothing that a spreadsheet would run", () => {
    for (const text of ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1"]) expect(csvOf([[text]])).toBe(`\ufeff"'${text}"\r\n`);
    for (const text of ["1-1", "a=b", "", "'"]) expect(csvOf([[text]])).toBe(`\ufeff"${text}"\r\n`);
  });
});
