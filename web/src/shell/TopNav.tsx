import { HomeOutlined } from "@ant-design/icons";
import { Link } from "@tanstack/react-router";
import { useNavItems } from "../api/queries";
import { ScreenIcon } from "../kit/Icon";
import { useText } from "../text";
import { isPlace, navOf, screenPath } from "./paths";

const most = 6;

/** The citizen's navigation: home and the few places to go back to. What can be started is on the home page. */
export function TopNav() {
  const { t, pick } = useText();
  const nav = useNavItems();
  const places = navOf(nav.data, "public")
    .filter((item) => isPlace(item.view))
    .slice(0, most);
  return (
    <nav className="cs-topnav" aria-label={t.header.primary}>
      <ul>
        <li>
          <Link to="/" activeOptions={{ exact: true, includeSearch: false }}>
            <HomeOutlined aria-hidden /> {t.face.public}
          </Link>
        </li>
        {places.map((item) => (
          <li key={item.name}>
            <Link to={screenPath(item)} activeOptions={{ includeSearch: false }}>
              <ScreenIcon icon={item.icon} view={item.view} /> {pick(item.title)}
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  );
}
