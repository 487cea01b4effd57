import { useEffect } from "react";
import { useNavigate } from "@tanstack/react-router";
import { useNavItems } from "../api/queries";
import { Page } from "../kit/Page";
import { Empty, Loaded } from "../kit/states";
import { navOf, screenPath } from "../shell/paths";
import { useText } from "../text";

/** The command screen without a board named: its first one. */
export function FirstBoard() {
  const { t } = useText();
  const nav = useNavItems();
  const navigate = useNavigate();
  const first = navOf(nav.data, "screen")[0];
  useEffect(() => {
    if (first) void navigate({ to: screenPath(first), replace: true });
  }, [first, navigate]);
  return (
    <Loaded query={nav}>
      {() =>
        first ? null : (
          <Page title={t.face.screen}>
            <Empty title={t.board.empty} help={t.board.emptyHelp} />
          </Page>
        )
      }
    </Loaded>
  );
}
