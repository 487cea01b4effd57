import { BellOutlined } from "@ant-design/icons";
import { Link } from "@tanstack/react-router";
import { useFace } from "../shell/paths";
import { useText } from "../text";
import { useUnread } from "./notices";

/** Leads to the user's notices and says how many are unread. */
export function Bell() {
  const { t } = useText();
  const face = useFace();
  const unread = useUnread().data ?? 0;
  return (
    <Link to={`/${face === "screen" ? "office" : face}/notices`} className="cs-tool" aria-label={t.notices.bell(unread)} title={t.notices.bell(unread)}>
      <BellOutlined aria-hidden />
      {unread > 0 ? (
        <span className="cs-bell-count" aria-hidden>
          {unread > 99 ? "99+" : unread}
        </span>
      ) : null}
    </Link>
  );
}
