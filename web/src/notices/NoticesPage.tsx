import { App, Button } from "antd";
import { Link } from "@tanstack/react-router";
import type { Notice } from "../api/types";
import { Page } from "../kit/Page";
import { problemText } from "../kit/problemText";
import { Empty, Loaded } from "../kit/states";
import { formatTime } from "../kit/time";
import { itemHref, useFace } from "../shell/paths";
import { useText } from "../text";
import { useNotices, useReadNotices } from "./notices";
import "../list/list.css";
import "./notices.css";

function Item({ notice }: { notice: Notice }) {
  const { t, pick } = useText();
  const face = useFace();
  return (
    <li className="cs-notice" data-unread={!notice.read}>
      <Link to={itemHref(face, notice.type, notice.case)}>{pick(notice.text)}</Link>
      <span className="cs-muted">
        {notice.read ? null : <strong className="cs-notice-new">{t.notices.unread}</strong>} {formatTime(notice.at)}
      </span>
    </li>
  );
}

/** What the user was told of their own cases, the newest first. */
export function NoticesPage() {
  const text = useText();
  const { t } = text;
  const { message } = App.useApp();
  const notices = useNotices();
  const read = useReadNotices();
  const items = notices.data?.pages.flatMap((page) => page.items) ?? [];
  const newest = items[0];
  const unread = notices.data?.pages[0]?.unread ?? 0;
  const readAll =
    newest && unread > 0 ? (
      <Button
        onClick={() => read.mutate(newest.n, { onError: (error) => void message.error(problemText(error, text)) })}
        loading={read.isPending}
      >
        {t.notices.readAll}
      </Button>
    ) : null;
  return (
    <Page title={t.notices.title} lead={t.notices.lead} actions={readAll}>
      <Loaded query={notices} rows={6}>
        {() =>
          items.length === 0 ? (
            <Empty title={t.notices.empty} help={t.notices.emptyHelp} />
          ) : (
            <ul className="cs-notices">
              {items.map((notice) => (
                <Item key={notice.id} notice={notice} />
              ))}
            </ul>
          )
        }
      </Loaded>
      {notices.hasNextPage ? (
        <div className="cs-list-more">
          <Button onClick={() => void notices.fetchNextPage()} loading={notices.isFetchingNextPage}>
            {t.common.more}
          </Button>
        </div>
      ) : null}
    </Page>
  );
}
