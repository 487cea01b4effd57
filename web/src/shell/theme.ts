import type { ThemeConfig } from "antd";
import { theme } from "antd";

const fontFamily =
  '"PingFang SC", "HarmonyOS Sans SC", "MiSans", "Microsoft YaHei", "Noto Sans CJK SC", "Source Han Sans SC", system-ui, sans-serif';

/** Colours. Every text colour has at least 4.5:1 on every ground it stands on; the same values are CSS variables in styles.css. */
const light = {
  colorPrimary: "#1d5b79",
  colorInfo: "#1d5b79",
  colorLink: "#17506c",
  colorLinkHover: "#0f3a50",
  colorSuccess: "#1e7446",
  colorWarning: "#8f5a00",
  colorError: "#b3261e",
  colorText: "#17242d",
  colorTextSecondary: "#43535e",
  colorTextTertiary: "#55646f",
  colorTextQuaternary: "#55646f",
  colorTextDescription: "#55646f",
  colorTextPlaceholder: "#5f6d77",
  colorTextDisabled: "#66737c",
  colorIcon: "#55646f",
  colorBgLayout: "#f6f4ee",
  colorBorder: "#8d979e", // controls: 3:1 against white
  colorBorderSecondary: "#e0dbd0",
  colorSplit: "#e6e1d6",
  controlOutline: "rgba(29, 91, 121, 0.28)",
  colorInfoBg: "#eaf3f7",
  colorInfoBorder: "#8fb5c6",
  colorSuccessBg: "#e9f4ed",
  colorSuccessBorder: "#8dbf9f",
  colorWarningBg: "#fcf4e1",
  colorWarningBorder: "#d0a552",
  colorErrorBg: "#fcefed",
  colorErrorBorder: "#d7938d",
};

const contrast = {
  ...light,
  colorPrimary: "#0b3f59",
  colorInfo: "#0b3f59",
  colorLink: "#0b3f59",
  colorSuccess: "#0d5a30",
  colorWarning: "#6d4300",
  colorError: "#8f1711",
  colorText: "#000000",
  colorTextSecondary: "#1d272d",
  colorTextTertiary: "#1d272d",
  colorTextQuaternary: "#1d272d",
  colorTextDescription: "#1d272d",
  colorTextPlaceholder: "#39454c",
  colorIcon: "#1d272d",
  colorBorder: "#39454c",
  colorBorderSecondary: "#7a858c",
  colorSplit: "#7a858c",
};

const dark = {
  colorPrimary: "#5fb3d4",
  colorInfo: "#5fb3d4",
  colorLink: "#8fd0ea",
  colorText: "#e8eff3",
  colorTextSecondary: "#b7c6d0",
  colorTextTertiary: "#a3b5c1",
  colorTextDescription: "#a3b5c1",
  colorTextPlaceholder: "#a3b5c1",
  colorBgBase: "#0b1a24",
  colorBgContainer: "#10232f",
  colorBgElevated: "#17303f",
  colorBorder: "#5b7688",
  colorBorderSecondary: "#21404f",
};

export interface ThemeChoice {
  elder: boolean;
  dark: boolean;
}

/** The antd theme. Elder mode: body type of 20 px and targets of 48 px. */
export function themeFor({ elder, dark: isDark }: ThemeChoice): ThemeConfig {
  const size = elder
    ? { fontSize: 20, controlHeight: 48, controlHeightSM: 48, controlHeightLG: 56 }
    : { fontSize: 15, controlHeight: 36, controlHeightSM: 28, controlHeightLG: 44 };
  return {
    algorithm: isDark ? theme.darkAlgorithm : theme.defaultAlgorithm,
    cssVar: { key: "cs" },
    hashed: false,
    token: {
      ...(isDark ? dark : elder ? contrast : light),
      ...size,
      ...(elder ? { fontSizeSM: 20 } : { fontSizeSM: 13 }),
      fontFamily,
      borderRadius: 4,
      borderRadiusLG: 6,
      // No motion: nothing then waits for the end of a transition, and nobody is made dizzy.
      motion: false,
      lineWidthFocus: 3,
    },
    components: {
      Button: { primaryShadow: "none", defaultShadow: "none", dangerShadow: "none", fontWeight: 500 },
      Table: isDark ? {} : { headerBg: "#efece3", headerColor: "#2c3b45", headerSplitColor: "transparent", rowHoverBg: "#f7f5ef" },
      Segmented: isDark
        ? {}
        : { ...(elder ? { trackPadding: 0 } : {}), trackBg: "#e7e2d5", itemColor: "#33424c", itemHoverColor: "#17242d" },
      Tag: { defaultColor: isDark ? "#e8eff3" : "#2c3b45" },
    },
  };
}
