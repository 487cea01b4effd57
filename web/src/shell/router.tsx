import { createRootRoute, createRoute, createRouter, lazyRouteComponent, notFound, redirect } from "@tanstack/react-router";
import { Loading } from "../kit/states";
import { HomePage } from "../public/HomePage";
import { Crash } from "./Crash";
import { NotFound } from "./NotFound";
import { Shell } from "./Shell";
import { isFace } from "./paths";
import { parseSearch, stringifySearch } from "./search";
import type { Search } from "./search";

const root = createRootRoute({ component: Shell, notFoundComponent: NotFound, validateSearch: (search): Search => search as Search });

const home = createRoute({ getParentRoute: () => root, path: "/", component: HomePage });

const login = createRoute({
  getParentRoute: () => root,
  path: "/login",
  component: lazyRouteComponent(() => import("../session/SignIn"), "SignInPage"),
});

const register = createRoute({
  getParentRoute: () => root,
  path: "/register",
  component: lazyRouteComponent(() => import("../session/Register"), "RegisterPage"),
});

const face = createRoute({
  getParentRoute: () => root,
  path: "/$face",
  beforeLoad: ({ params }) => {
    if (!isFace(params.face)) throw notFound();
  },
});

const faceHome = createRoute({
  getParentRoute: () => face,
  path: "/",
  beforeLoad: ({ params }) => {
    if (params.face === "public") throw redirect({ to: "/" });
    if (params.face === "office") throw redirect({ to: "/office/inbox" });
    if (params.face === "admin") throw redirect({ to: "/admin/packs" });
  },
  component: lazyRouteComponent(() => import("../board/FirstBoard"), "FirstBoard"),
});

const screen = createRoute({
  getParentRoute: () => face,
  path: "s/$pack/$screen",
  component: lazyRouteComponent(() => import("../screens/ScreenPage"), "ScreenPage"),
});

const list = createRoute({
  getParentRoute: () => face,
  path: "t/$type",
  component: lazyRouteComponent(() => import("../list/TypeListPage"), "TypeListPage"),
});

const create = createRoute({
  getParentRoute: () => face,
  path: "t/$type/new",
  component: lazyRouteComponent(() => import("../form/NewPage"), "NewPage"),
});

const item = createRoute({
  getParentRoute: () => face,
  path: "t/$type/$id",
  component: lazyRouteComponent(() => import("../detail/ItemPage"), "ItemPage"),
});

const edit = createRoute({
  getParentRoute: () => face,
  path: "t/$type/$id/edit",
  component: lazyRouteComponent(() => import("../form/EditPage"), "EditPage"),
});

const inbox = createRoute({
  getParentRoute: () => face,
  path: "inbox",
  component: lazyRouteComponent(() => import("../inbox/InboxPage"), "InboxPage"),
});

const search = createRoute({
  getParentRoute: () => face,
  path: "search",
  component: lazyRouteComponent(() => import("../search/SearchPage"), "SearchPage"),
});

const catalogue = createRoute({
  getParentRoute: () => face,
  path: "catalogue",
  component: lazyRouteComponent(() => import("../catalogue/CataloguePage"), "CataloguePage"),
});

const catalogueType = createRoute({
  getParentRoute: () => face,
  path: "catalogue/$type",
  component: lazyRouteComponent(() => import("../catalogue/TypePage"), "TypePage"),
});

const grant = createRoute({
  getParentRoute: () => face,
  path: "grant/$grant",
  component: lazyRouteComponent(() => import("../sharing/GrantPage"), "GrantPage"),
});

const open = createRoute({
  getParentRoute: () => face,
  path: "open/$type",
  component: lazyRouteComponent(() => import("../sharing/OpenPage"), "OpenPage"),
});

const reads = createRoute({
  getParentRoute: () => face,
  path: "reads",
  component: lazyRouteComponent(() => import("../public/ReadsPage"), "ReadsPage"),
});

const notices = createRoute({
  getParentRoute: () => face,
  path: "notices",
  component: lazyRouteComponent(() => import("../notices/NoticesPage"), "NoticesPage"),
});

const clients = createRoute({
  getParentRoute: () => face,
  path: "clients",
  component: lazyRouteComponent(() => import("../clients/ClientsPage"), "ClientsPage"),
});

const adminPages = [
  createRoute({
    getParentRoute: () => face,
    path: "packs",
    component: lazyRouteComponent(() => import("../admin/PacksPage"), "PacksPage"),
  }),
  createRoute({ getParentRoute: () => face, path: "orgs", component: lazyRouteComponent(() => import("../admin/OrgsPage"), "OrgsPage") }),
  createRoute({
    getParentRoute: () => face,
    path: "grants",
    component: lazyRouteComponent(() => import("../admin/GrantsPage"), "GrantsPage"),
  }),
  createRoute({
    getParentRoute: () => face,
    path: "evidence",
    component: lazyRouteComponent(() => import("../admin/EvidencePage"), "EvidencePage"),
  }),
  createRoute({
    getParentRoute: () => face,
    path: "health",
    component: lazyRouteComponent(() => import("../admin/HealthPage"), "HealthPage"),
  }),
  createRoute({ getParentRoute: () => face, path: "jobs", component: lazyRouteComponent(() => import("../admin/JobsPage"), "JobsPage") }),
];

const tree = root.addChildren([
  home,
  login,
  register,
  face.addChildren([faceHome, screen, list, create, item, edit, inbox, search, catalogue, catalogueType, grant, open, reads, notices, clients, ...adminPages]),
]);

export const router = createRouter({
  routeTree: tree,
  parseSearch,
  stringifySearch,
  defaultPreload: "intent",
  defaultPendingComponent: () => <Loading whole rows={6} />,
  defaultErrorComponent: Crash,
  defaultNotFoundComponent: NotFound,
  scrollRestoration: true,
});
