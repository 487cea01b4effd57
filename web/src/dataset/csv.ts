/** What a spreadsheet would take for a formula, also in the wide forms that some read alike. */
const formula = /^[=+\-@\t\r\n＝＋－＠]/;

const mark = "\ufeff"; // without it Excel reads UTF-8 as the system's own encoding

/** A CSV file of RFC 4180 that a spreadsheet opens without running anything: cells that look like formulas begin with a quote. */
export function csvOf(rows: readonly (readonly string[])[]): string {
  return mark + rows.map((row) => row.map(cell).join(",") + "\r\n").join("");
}

function cell(text: string): string {
  const safe = formula.test(text) ? `'${text}` : text;
  return `"${safe.replaceAll('"', '""')}"`;
}
