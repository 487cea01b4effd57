import { Suspense, lazy } from "react";
import { useParams } from "@tanstack/react-router";
import { useScreen, useType } from "../api/queries";
import type { Screen, Type } from "../api/types";
import { Page } from "../kit/Page";
import { FailedPage, Loaded, Loading } from "../kit/states";
import { CreateLink } from "../list/TypeListPage";
import { useText } from "../text";
import { Problem } from "../api/problem";

const ListView = lazy(async () => ({ default: (await import("../list/ListView")).ListView }));
const FormScreen = lazy(async () => ({ default: (await import("../form/FormScreen")).FormScreen }));
const InboxView = lazy(async () => ({ default: (await import("../inbox/InboxView")).InboxView }));
const BoardView = lazy(async () => ({ default: (await import("../board/BoardView")).BoardView }));
const LawView = lazy(async () => ({ default: (await import("../law/LawView")).LawView }));
const GrantsView = lazy(async () => ({ default: (await import("../sharing/GrantsView")).GrantsView }));
const OpenDataView = lazy(async () => ({ default: (await import("../sharing/OpenDataView")).OpenDataView }));
const CatalogueView = lazy(async () => ({ default: (await import("../catalogue/CatalogueView")).CatalogueView }));

/** A screen that a pack declares, drawn by its kind of view. */
export function ScreenPage() {
  const { pack, screen } = useParams({ strict: false });
  const name = `${pack}/${screen}`;
  const declared = useScreen(name);
  return (
    <Loaded whole query={declared} rows={8}>
      {(found) => (
        <Suspense key={name} fallback={<Loading whole rows={8} />}>
          <View screen={{ ...found, name }} />
        </Suspense>
      )}
    </Loaded>
  );
}

function View({ screen }: { screen: Screen }) {
  const { pick } = useText();
  const frame = { title: pick(screen.title), lead: pick(screen.about) };
  switch (screen.view) {
    case "board":
      return <BoardView screen={screen} />;
    case "law":
      return <LawView screen={screen} />;
    case "inbox":
      return (
        <Page {...frame}>
          <InboxView type={screen.of} />
        </Page>
      );
    case "catalogue":
      return (
        <Page {...frame}>
          <CatalogueView />
        </Page>
      );
    case "grants":
      return (
        <Page {...frame}>
          <GrantsView />
        </Page>
      );
    case "open-data":
      return (
        <Page {...frame}>
          <OpenDataView />
        </Page>
      );
    default:
      return <Typed screen={screen} />;
  }
}

/** Views of one type: they need its declaration first. */
function Typed({ screen }: { screen: Screen }) {
  const type = useType(screen.of);
  if (screen.of === undefined) return <FailedPage error={new Problem(404, {})} />;
  return (
    <Loaded whole query={type}>
      {(declared) => <TypedView screen={screen} type={declared} />}
    </Loaded>
  );
}

function TypedView({ screen, type }: { screen: Screen; type: Type }) {
  const { pick } = useText();
  if (screen.view === "form") return <FormScreen screen={screen} type={type} />;
  return (
    <Page title={pick(screen.title)} lead={pick(screen.about)} actions={<CreateLink type={type} />}>
      <ListView
        type={type}
        list={screen.list}
        filters={screen.filters}
        sort={screen.sort}
        where={screen.where}
        mapFirst={screen.view === "map"}
      />
    </Page>
  );
}
