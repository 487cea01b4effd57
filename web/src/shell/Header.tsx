import { FontSizeOutlined, LoginOutlined, TranslationOutlined } from "@ant-design/icons";
import { Link, useRouterState } from "@tanstack/react-router";
import { useSession } from "../session/session";
import { setPreferences, usePreferences } from "../kit/preferences";
import { useLiveState } from "../live/live";
import { Bell } from "../notices/Bell";
import { useText } from "../text";
import { AccountMenu } from "./AccountMenu";
import { Logo } from "./Logo";
import { facePath, faces, useFace } from "./paths";

export function Header() {
  return (
    <header className="cs-header">
      <div className="cs-header-in">
        <Link to="/" className="cs-logo">
          <Logo />
        </Link>
        <FaceTabs />
        <div className="cs-tools">
          <LiveMark />
          <ElderSwitch />
          <LanguageSwitch />
          <Account />
        </div>
      </div>
    </header>
  );
}

function FaceTabs() {
  const { t } = useText();
  const session = useSession();
  const current = useFace();
  const mine = faces.filter((face) => face === "public" || session.data?.faces.includes(face));
  if (mine.length < 2) return <div className="cs-faces" />;
  return (
    <nav aria-label={t.header.faces} className="cs-faces">
      {mine.map((face) => (
        <Link key={face} to={facePath(face)} activeOptions={{ exact: true }} data-active={face === current}>
          {t.face[face]}
        </Link>
      ))}
    </nav>
  );
}

function LiveMark() {
  const { t } = useText();
  const state = useLiveState();
  return (
    <span className={`cs-live cs-live-${state}`} role="status" title={t.live[state]}>
      <span className="cs-live-dot" aria-hidden />
      <span className={state === "on" ? "cs-live-word" : "cs-live-word cs-live-word-long"}>{t.live[state]}</span>
    </span>
  );
}

function ElderSwitch() {
  const { t } = useText();
  const { elder } = usePreferences();
  const label = elder ? t.header.elderOff : t.header.elderOn;
  return (
    <button
      type="button"
      className="cs-tool"
      aria-pressed={elder}
      aria-label={t.header.elder}
      title={label}
      onClick={() => setPreferences({ elder: !elder })}
    >
      <FontSizeOutlined aria-hidden />
      <span className="cs-tool-word">{t.header.elder}</span>
    </button>
  );
}

function LanguageSwitch() {
  const { t, lang } = useText();
  const other = lang === "zh" ? "en" : "zh";
  return (
    <button
      type="button"
      className="cs-tool"
      lang={other === "zh" ? "zh-CN" : "en"}
      aria-label={t.header.language}
      onClick={() => setPreferences({ lang: other })}
    >
      <TranslationOutlined aria-hidden />
      <span className="cs-tool-word">{t.header.language}</span>
    </button>
  );
}

function Account() {
  const { t } = useText();
  const session = useSession();
  const here = useRouterState({ select: (state) => state.location.href });
  if (session.data?.person)
    return (
      <>
        <Bell />
        <AccountMenu session={session.data} name={session.data.person.name} />
      </>
    );
  return (
    <Link to="/login" search={{ next: here.startsWith("/login") || here === "/" ? undefined : here }} className="cs-tool">
      <LoginOutlined aria-hidden /> {t.header.signIn}
    </Link>
  );
}
