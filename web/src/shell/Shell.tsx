import { Suspense, lazy } from "react";
import { Outlet } from "@tanstack/react-router";
import { Problem } from "../api/problem";
import type { Face } from "../api/types";
import { FailedPage, Loaded, Loading } from "../kit/states";
import { useSession } from "../session/session";
import { useText } from "../text";
import { Header } from "./Header";
import { SideNav } from "./SideNav";
import { SkipLink } from "./SkipLink";
import { TopNav } from "./TopNav";
import { useFace } from "./paths";

const ScreenShell = lazy(async () => ({ default: (await import("./ScreenShell")).ScreenShell }));

/** The one frame of the application, in the shape of the face shown. */
export function Shell() {
  const face = useFace();
  if (face === "screen")
    return (
      <Suspense fallback={<Loading />}>
        <ScreenShell>
          <Gate face={face} />
        </ScreenShell>
      </Suspense>
    );
  return <Frame face={face} />;
}

function Frame({ face }: { face: Face }) {
  const { t } = useText();
  return (
    <div className="cs-frame">
      <SkipLink />
      <Header />
      {face === "public" ? <TopNav /> : null}
      <div className="cs-body">
        {face === "public" ? null : <SideNav face={face} />}
        <main id="main" className="cs-main" tabIndex={-1}>
          <Gate face={face} />
        </main>
      </div>
      {face === "public" ? <footer className="cs-footer">{`${t.product.city} ${t.product.name} · ${t.product.subtitle}`}</footer> : null}
    </div>
  );
}

/** Shows the page only to whom its face is open; the server decides over each request anyway. */
function Gate({ face }: { face: Face }) {
  const session = useSession();
  if (face === "public") return <Outlet />;
  return (
    <Loaded whole query={session}>
      {({ person, faces }) =>
        faces.includes(face) ? (
          <Outlet />
        ) : (
          <FailedPage error={new Problem(person === null ? 401 : 403, { code: person === null ? "unauthenticated" : "denied" })} />
        )
      }
    </Loaded>
  );
}
