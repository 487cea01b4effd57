import type { Manifest } from "../api/dataset";
import type { Type } from "../api/types";

/** A dataset with two releases, as the server tells of it. */
export const air: Type = {
  name: "air-hour",
  kind: "dataset",
  pack: "public-data",
  title: { zh: "空气质量小时值", en: "Hourly air quality" },
  fields: [
    { name: "station", title: { zh: "站点", en: "Station" }, type: "text" },
    { name: "pm25", title: { zh: "PM2.5浓度", en: "PM2.5" }, type: "decimal", unit: "ug/m3" },
    { name: "grade", title: { zh: "等级", en: "Grade" }, type: "choice", choices: [{ value: "good", title: { zh: "优", en: "Good" } }] },
  ],
};

export const base = "/api/datasets/air-hour/releases";

const digest = (digit: string) => digit.repeat(64);

export const releases = {
  items: [
    { version: 2, at: "2026-03-03T01:00:00Z", rows: 120, bytes: 5210, digest: digest("b") },
    { version: 1, at: "2026-03-02T01:00:00Z", rows: 3, bytes: 900, digest: digest("a") },
  ],
};

export const manifest: Manifest = {
  dataset: "air-hour",
  version: 2,
  at: "2026-03-03T01:00:00Z",
  rows: 120,
  level: "general",
  fields: air.fields.map(({ name, title, type }) => ({ name, title, type })),
  files: [{ name: "rows.parquet", sha256: digest("c"), bytes: 5210, rows: 120 }],
  quality: {
    rows: 130,
    good: 120,
    bad: 10,
    rules: [
      { field: "pm25", rule: "type", rows: 4 },
      { rule: "columns", rows: 7 },
      { field: "grade", rule: "check1", rows: 2, text: { zh: "与指数不一致", en: "Not that of the AQI" } },
    ],
    findings: [{ rule: "drift", field: "pm25", text: { zh: "平均值变了", en: "Another mean" } }],
    cleaned: [
      { field: "pm25", step: "unit", cells: 1200 },
      { field: "grade", step: "width", cells: 0 },
    ],
  },
  source: { name: "air.csv", sha256: digest("d"), bytes: 9000, charset: "gb18030", delimiter: "," },
  columns: [{ header: "站点", field: "station" }, { header: "PM2.5浓度", field: "pm25" }, { header: "备注" }],
  parent: 1,
};
