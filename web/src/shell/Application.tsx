import { useEffect, useMemo } from "react";
import { App, ConfigProvider } from "antd";
import enUS from "antd/locale/en_US";
import zhCN from "antd/locale/zh_CN";
import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { newQueryClient } from "../api/queries";
import { usePreferences } from "../kit/preferences";
import { useLive } from "../live/live";
import { TextProvider, textOf } from "../text";
import { router } from "./router";
import { themeFor } from "./theme";

const client = newQueryClient();

/** A server that sends a nonce for styles puts it into a meta element; without one, styles need 'unsafe-inline'. */
const nonce = document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content;

/** Lists that drop down stay within the dialog or the main part of the page, so that a screen reader finds them there. */
function popupContainer(trigger?: HTMLElement): HTMLElement {
  return trigger?.closest<HTMLElement>(".ant-modal-body, main") ?? document.body;
}

export function Application() {
  const { lang, elder } = usePreferences();
  const text = useMemo(() => textOf(lang), [lang]);
  const theme = useMemo(() => themeFor({ elder, dark: false }), [elder]);
  useEffect(() => {
    document.documentElement.lang = lang === "zh" ? "zh-CN" : "en";
    document.documentElement.dataset.elder = String(elder);
  }, [lang, elder]);
  return (
    <TextProvider value={text}>
      <ConfigProvider
        theme={theme}
        locale={lang === "zh" ? zhCN : enUS}
        csp={nonce ? { nonce } : undefined}
        getPopupContainer={popupContainer}
        button={{ autoInsertSpace: false }}
        wave={{ disabled: true }}
      >
        <App component={false} message={{ maxCount: 3, duration: 4 }}>
          <QueryClientProvider client={client}>
            <Live />
            <RouterProvider router={router} />
          </QueryClientProvider>
        </App>
      </ConfigProvider>
    </TextProvider>
  );
}

function Live() {
  useLive();
  return null;
}
