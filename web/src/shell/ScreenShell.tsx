import { CompressOutlined, ExpandOutlined, LogoutOutlined } from "@ant-design/icons";
import { ConfigProvider } from "antd";
import { useEffect, useMemo, useState } from "react";
import type { ReactNode } from "react";
import { Link } from "@tanstack/react-router";
import { useNavItems } from "../api/queries";
import { usePreferences } from "../kit/preferences";
import { useNow } from "../kit/now";
import { formatClock, formatDate } from "../kit/time";
import { useLiveState } from "../live/live";
import { useText } from "../text";
import { Seal } from "./Logo";
import { SkipLink } from "./SkipLink";
import { navOf, screenPath } from "./paths";
import { themeFor } from "./theme";
import "./screen.css";

/** The frame of the command screen: dark, without margins, one thin bar. */
export function ScreenShell({ children }: { children: ReactNode }) {
  const { elder } = usePreferences();
  const theme = useMemo(() => ({ ...themeFor({ elder, dark: true }), cssVar: { key: "cs-dark" } }), [elder]);
  useEffect(() => {
    document.documentElement.dataset.dark = "true";
    return () => {
      delete document.documentElement.dataset.dark;
    };
  }, []);
  return (
    <ConfigProvider theme={theme}>
      <div className="cs-screen">
        <SkipLink />
        <Bar />
        <main id="main" className="cs-screen-main" tabIndex={-1}>
          {children}
        </main>
      </div>
    </ConfigProvider>
  );
}

function Bar() {
  const { t, pick } = useText();
  const nav = useNavItems();
  const live = useLiveState();
  return (
    <header className="cs-screen-bar">
      <div className="cs-screen-brand">
        <Seal />
        <span className="cs-logo-name">{t.product.name}</span>
      </div>
      <nav aria-label={t.header.primary} className="cs-screen-nav">
        {navOf(nav.data, "screen").map((item) => (
          <Link key={item.name} to={screenPath(item)}>
            {pick(item.title)}
          </Link>
        ))}
      </nav>
      <span className={`cs-live cs-live-${live}`} role="status">
        <span className="cs-live-dot" aria-hidden />
        {t.live[live]}
      </span>
      <Clock />
      <FullScreen />
      <Link to="/office" className="cs-tool" aria-label={t.board.exit} title={t.board.exit}>
        <LogoutOutlined aria-hidden />
      </Link>
    </header>
  );
}

function Clock() {
  const now = useNow();
  return (
    <time className="cs-screen-clock" dateTime={new Date(now).toISOString()}>
      <span>{formatDate(new Date(now).toISOString())}</span> <strong>{formatClock(now)}</strong>
    </time>
  );
}

function FullScreen() {
  const { t } = useText();
  const [full, setFull] = useState(document.fullscreenElement !== null);
  useEffect(() => {
    const changed = () => setFull(document.fullscreenElement !== null);
    document.addEventListener("fullscreenchange", changed);
    return () => document.removeEventListener("fullscreenchange", changed);
  }, []);
  const label = full ? t.board.exitFull : t.board.full;
  const toggle = () => void (full ? document.exitFullscreen() : document.documentElement.requestFullscreen()).catch(() => undefined);
  return (
    <button type="button" className="cs-tool" aria-label={label} title={label} onClick={toggle}>
      {full ? <CompressOutlined aria-hidden /> : <ExpandOutlined aria-hidden />}
    </button>
  );
}
