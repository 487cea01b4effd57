import { Input } from "antd";
import { Suspense, lazy, useState } from "react";
import { Link } from "@tanstack/react-router";
import { RightOutlined } from "@ant-design/icons";
import { useNavItems } from "../api/queries";
import type { NavItem } from "../api/types";
import { ScreenIcon } from "../kit/Icon";
import { Page, Section } from "../kit/Page";
import { Empty, Loaded, Loading } from "../kit/states";
import { useSession } from "../session/session";
import { byPack, isMine, isPlace, navOf, screenPath } from "../shell/paths";
import { useText } from "../text";
import "./home.css";

const RecentItems = lazy(async () => ({ default: (await import("./RecentItems")).RecentItems }));

const manyServices = 9;

/** The citizens' front page: what can be done here, one's own cases, and the law behind it. All of it from what packs declare. */
export function HomePage() {
  const { t } = useText();
  const session = useSession();
  const name = session.data?.person?.name;
  const nav = useNavItems();
  return (
    <Page hero title={name ? t.session.welcome(name) : t.home.title} lead={t.home.lead}>
      <Loaded query={nav} rows={8}>
        {(items) => <Parts items={navOf(items, "public")} signedIn={name !== undefined} />}
      </Loaded>
    </Page>
  );
}

function Parts({ items, signedIn }: { items: NavItem[]; signedIn: boolean }) {
  const { t } = useText();
  const laws = items.filter((item) => item.view === "law");
  const lists = items.filter(isMine);
  const others = items.filter((item) => isPlace(item.view) && item.view !== "law" && !lists.includes(item));
  return (
    <>
      <Services items={items.filter((item) => item.view === "form")} />
      <div className="cs-home-two">
        <Mine lists={lists} signedIn={signedIn} />
        {laws.map((item) => (
          <LawCard key={item.name} item={item} />
        ))}
      </div>
      {others.length > 0 ? (
        <Section title={t.home.more} plain>
          <Cards items={others} />
        </Section>
      ) : null}
    </>
  );
}

function Services({ items }: { items: NavItem[] }) {
  const { t, pick } = useText();
  const [filter, setFilter] = useState("");
  const wanted = filter.trim().toLowerCase();
  const shown = items.filter((item) => `${pick(item.title)} ${pick(item.about)} ${pick(item.pack_title)}`.toLowerCase().includes(wanted));
  const many = items.length > manyServices;
  return (
    <Section
      title={t.home.services}
      plain
      extra={
        many ? (
          <Input
            type="search"
            className="cs-home-filter"
            aria-label={t.common.search}
            placeholder={t.common.search}
            value={filter}
            onChange={(event) => setFilter(event.target.value)}
          />
        ) : null
      }
    >
      {shown.length === 0 ? <Empty title={t.home.servicesEmpty} /> : null}
      {many
        ? byPack(shown).map(({ pack, items: members }) => (
            <div key={pack} className="cs-home-pack">
              <h3>{pick(members[0]?.pack_title) || pack}</h3>
              <Cards items={members} />
            </div>
          ))
        : shown.length > 0 && <Cards items={shown} />}
    </Section>
  );
}

function Cards({ items }: { items: NavItem[] }) {
  const { pick } = useText();
  return (
    <ul className="cs-cards">
      {items.map((item) => (
        <li key={item.name}>
          <Link to={screenPath(item)} className="cs-card">
            <ScreenIcon icon={item.icon} view={item.view} className="cs-card-icon" />
            <span className="cs-card-title">{pick(item.title)}</span>
            <span className="cs-card-about">{pick(item.about) || pick(item.pack_title)}</span>
            <RightOutlined aria-hidden className="cs-card-arrow" />
          </Link>
        </li>
      ))}
    </ul>
  );
}

function Mine({ lists, signedIn }: { lists: NavItem[]; signedIn: boolean }) {
  const { t, pick } = useText();
  if (!signedIn)
    return (
      <Section title={t.home.mine}>
        <p className="cs-muted">{t.home.mineSignIn}</p>
        <Link to="/login" className="cs-button">
          {t.header.signIn}
        </Link>
      </Section>
    );
  if (lists.length === 0) return null;
  return (
    <Section title={t.home.mine}>
      <ul className="cs-home-lists">
        {lists.map((item) => (
          <li key={item.name}>
            <Link to={screenPath(item)}>
              <ScreenIcon icon={item.icon} view={item.view} /> {pick(item.title)}
            </Link>
            <Suspense fallback={<Loading rows={2} />}>
              <RecentItems screen={item} />
            </Suspense>
          </li>
        ))}
      </ul>
    </Section>
  );
}

function LawCard({ item }: { item: NavItem }) {
  const { t, pick } = useText();
  return (
    <section className="cs-law-card" aria-label={t.home.law}>
      <div>
        <h2>{pick(item.title)}</h2>
        <p>{pick(item.about) || t.home.lawLead}</p>
      </div>
      <Link to={screenPath(item)} className="cs-button">
        {t.home.lawOpen}
      </Link>
    </section>
  );
}
