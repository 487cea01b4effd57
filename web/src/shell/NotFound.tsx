import { Link } from "@tanstack/react-router";
import { Page } from "../kit/Page";
import { Empty } from "../kit/states";
import { useText } from "../text";

export function NotFound() {
  const { t } = useText();
  return (
    <Page title={t.state.notFoundTitle} narrow>
      <Empty title={t.state.notFoundTitle} help={t.state.notFoundHelp}>
        <Link to="/" className="cs-button">
          {t.face.public}
        </Link>
      </Empty>
    </Page>
  );
}
