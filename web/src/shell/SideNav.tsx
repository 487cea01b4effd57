import {
  ApartmentOutlined,
  ApiOutlined,
  AppstoreOutlined,
  DashboardOutlined,
  InboxOutlined,
  MenuOutlined,
  NodeIndexOutlined,
  SafetyCertificateOutlined,
  SearchOutlined,
  ThunderboltOutlined,
  TeamOutlined,
} from "@ant-design/icons";
import { useState } from "react";
import type { ReactNode } from "react";
import { Link, useLocation } from "@tanstack/react-router";
import { useNavItems } from "../api/queries";
import type { Face, NavItem } from "../api/types";
import { ScreenIcon } from "../kit/Icon";
import { useKeepsClients } from "../clients/clients";
import { useText } from "../text";
import type { Text } from "../text";
import { byPack, navOf, screenPath } from "./paths";

interface Entry {
  to: string;
  title: string;
  icon: ReactNode;
}

/** The places every office and every administration has, whatever packs are loaded. */
function fixedEntries(face: Face, keepsClients: boolean, { t }: Text): Entry[] {
  const clients = { to: `/${face}/clients`, title: t.clients.title, icon: <ApiOutlined aria-hidden /> };
  if (face === "admin")
    return [
      { to: "/admin/packs", title: t.admin.packs, icon: <AppstoreOutlined aria-hidden /> },
      { to: "/admin/orgs", title: t.admin.orgs, icon: <ApartmentOutlined aria-hidden /> },
      { to: "/admin/grants", title: t.admin.grants, icon: <TeamOutlined aria-hidden /> },
      { to: "/admin/evidence", title: t.admin.evidence, icon: <SafetyCertificateOutlined aria-hidden /> },
      { to: "/admin/health", title: t.admin.health, icon: <DashboardOutlined aria-hidden /> },
      { to: "/admin/jobs", title: t.admin.jobs, icon: <ThunderboltOutlined aria-hidden /> },
      clients,
    ];
  return [
    { to: "/office/inbox", title: t.inbox.title, icon: <InboxOutlined aria-hidden /> },
    { to: "/office/search", title: t.search.title, icon: <SearchOutlined aria-hidden /> },
    { to: "/office/catalogue", title: t.catalogue.title, icon: <NodeIndexOutlined aria-hidden /> },
    ...(keepsClients ? [clients] : []),
  ];
}

/** Whether a screen is one of those fixed places, which need no second entry. */
function isFixed(item: NavItem): boolean {
  return item.view === "catalogue" || (item.view === "inbox" && item.of === undefined);
}

export function SideNav({ face }: { face: Face }) {
  const text = useText();
  const { t, pick } = text;
  const [open, setOpen] = useState(false);
  const path = useLocation({ select: (location) => location.pathname });
  const [shownPath, setShownPath] = useState(path);
  if (shownPath !== path) {
    setShownPath(path); // on a phone the list closes once a place was chosen
    setOpen(false);
  }
  const nav = useNavItems();
  const keepsClients = useKeepsClients(face === "office");
  const declared = navOf(nav.data, face).filter((item) => !isFixed(item));
  return (
    <nav className="cs-side" aria-label={t.header.primary}>
      <button type="button" className="cs-side-toggle" aria-expanded={open} onClick={() => setOpen(!open)}>
        <MenuOutlined aria-hidden /> {t.header.menu}
      </button>
      <div className="cs-side-groups" data-open={open}>
        <Group entries={fixedEntries(face, keepsClients, text)} />
        {byPack(declared).map(({ pack, items }) => (
          <Group
            key={pack}
            title={pick(items[0]?.pack_title) || undefined}
            entries={items.map((item) => ({
              to: screenPath(item),
              title: pick(item.title),
              icon: <ScreenIcon icon={item.icon} view={item.view} />,
            }))}
          />
        ))}
      </div>
    </nav>
  );
}

function Group({ title, entries }: { title?: string; entries: Entry[] }) {
  return (
    <div className="cs-side-group">
      {title ? <div className="cs-side-title">{title}</div> : null}
      <ul aria-label={title}>
        {entries.map(({ to, title: name, icon }) => (
          <li key={to}>
            <Link to={to} activeOptions={{ includeSearch: false }}>
              {icon}
              {name}
            </Link>
          </li>
        ))}
      </ul>
    </div>
  );
}
