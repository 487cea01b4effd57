import { BarChart, LineChart } from "echarts/charts";
import { GridComponent, LegendComponent, TooltipComponent } from "echarts/components";
import { init, use as register } from "echarts/core";
import type { ECharts, EChartsCoreOption } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";
import { useEffect, useRef } from "react";

register([BarChart, LineChart, GridComponent, LegendComponent, TooltipComponent, SVGRenderer]);

/** One ECharts chart that follows the size of its frame. To a screen reader it is one picture, named; its table has the figures. */
export function Chart({ option, label }: { option: EChartsCoreOption; label: string }) {
  const frame = useRef<HTMLDivElement>(null);
  const chart = useRef<ECharts>(undefined);
  useEffect(() => {
    const element = frame.current;
    if (!element) return;
    const created = init(element, undefined, { renderer: "svg" });
    chart.current = created;
    const sizes = new ResizeObserver(() => created.resize());
    sizes.observe(element);
    return () => {
      sizes.disconnect();
      created.dispose();
      chart.current = undefined;
    };
  }, []);
  useEffect(() => {
    chart.current?.setOption(option, { notMerge: true });
  }, [option]);
  return <div ref={frame} className="cs-chart" role="img" aria-label={label} />;
}
