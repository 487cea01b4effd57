import type { EChartsCoreOption } from "echarts/core";
import type { GroupData, SeriesData } from "../api/types";
import type { Text } from "../text";

export interface ChartLook {
  dark: boolean;
  fontSize: number;
}

/** Series differ by line style and symbol as well as by colour. */
const lineTypes = ["solid", "dashed", "dotted"] as const;
const symbols = ["circle", "rect", "triangle", "diamond"] as const;

function colours({ dark }: ChartLook) {
  return dark
    ? { series: ["#7cc4e2", "#ffc861", "#7ddba4", "#ff9c90", "#b9bcff"], text: "#cfdee7", line: "#2b4c5d" }
    : { series: ["#1d5b79", "#a85b00", "#1e7446", "#a8322a", "#54579a"], text: "#33444f", line: "#dcd7cb" };
}

export function seriesOption(data: SeriesData, look: ChartLook, { pick }: Text): EChartsCoreOption {
  const { series, text, line } = colours(look);
  const labels = { color: text, fontSize: look.fontSize };
  return {
    color: series,
    animation: false,
    grid: { left: 4, right: 14, top: data.series.length > 1 ? 34 : 14, bottom: 4, outerBoundsMode: "same" },
    legend: { show: data.series.length > 1, top: 0, textStyle: labels, icon: "roundRect" },
    tooltip: { trigger: "axis", confine: true, renderMode: "richText" },
    xAxis: { type: "category", data: data.x, axisLabel: labels, axisLine: { lineStyle: { color: line } }, axisTick: { show: false } },
    yAxis: { type: "value", minInterval: 1, axisLabel: labels, splitLine: { lineStyle: { color: line } } },
    series: data.series.map((one, index) => ({
      type: "line",
      name: pick(one.title),
      data: one.y,
      symbol: symbols[index % symbols.length],
      symbolSize: 7,
      lineStyle: { width: 2.5, type: lineTypes[index % lineTypes.length] },
      areaStyle: data.series.length === 1 ? { opacity: 0.14 } : undefined,
    })),
  };
}

const mostBars = 12;

export function groupOption(data: GroupData, look: ChartLook, { pick }: Text): EChartsCoreOption {
  const { series, text, line } = colours(look);
  const labels = { color: text, fontSize: look.fontSize };
  const rows = data.rows.slice(0, mostBars);
  return {
    color: series,
    animation: false,
    grid: { left: 4, right: 44, top: 4, bottom: 4, outerBoundsMode: "same" },
    tooltip: { trigger: "axis", confine: true, renderMode: "richText", axisPointer: { type: "none" } },
    xAxis: { type: "value", show: false },
    yAxis: {
      type: "category",
      inverse: true,
      data: rows.map((row) => pick(row.title)),
      axisLabel: { ...labels, width: 130, overflow: "truncate" },
      axisLine: { lineStyle: { color: line } },
      axisTick: { show: false },
    },
    series: [{ type: "bar", data: rows.map((row) => row.value), barMaxWidth: 18, label: { show: true, position: "right", ...labels } }],
  };
}
