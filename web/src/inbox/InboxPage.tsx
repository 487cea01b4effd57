import { Page } from "../kit/Page";
import { useText } from "../text";
import { InboxView } from "./InboxView";

export function InboxPage() {
  const { t } = useText();
  return (
    <Page title={t.inbox.title}>
      <InboxView />
    </Page>
  );
}
