import { Button, Segmented } from "antd";
import { Link } from "@tanstack/react-router";
import { useType } from "../api/queries";
import type { IssuedGrant } from "../api/sharing";
import { ReferenceSelect } from "../form/ReferenceSelect";
import { Section } from "../kit/Page";
import { Empty, Loaded } from "../kit/states";
import { formatDate } from "../kit/time";
import { useListParams } from "../list/useListParams";
import { useSession } from "../session/session";
import { grantPath, useFace } from "../shell/paths";
import { useText } from "../text";
import { FieldTags, StateMark, Used, lastDay } from "./GrantState";
import { useGrants } from "./grants";
import "./sharing.css";

/** Grants of shared data: those that one's own unit holds, or those on a resource. Which stands in the address. */
export function GrantsView() {
  const { t } = useText();
  const [params, change] = useListParams();
  const byResource = params.view === "resource";
  return (
    <>
      <div className="cs-list-bar">
        <Segmented
          aria-label={t.sharing.view}
          value={byResource ? "resource" : "mine"}
          onChange={(view) => change({ view: view === "mine" ? "" : view, of: "" })}
          options={[
            { value: "mine", label: t.sharing.mine },
            { value: "resource", label: t.sharing.ofResource },
          ]}
        />
        {byResource ? (
          <div className="cs-grant-resource">
            <ReferenceSelect
              title={t.sharing.resource}
              to="resource"
              required
              value={params.of ? [params.of] : []}
              onChange={([of = ""]) => change({ of })}
            />
          </div>
        ) : null}
      </div>
      {byResource && !params.of ? <Empty title={t.sharing.chooseResource} /> : <Grants of={byResource ? (params.of ?? "") : ""} />}
    </>
  );
}

function Grants({ of }: { of: string }) {
  const { t } = useText();
  const face = useFace();
  const grants = useGrants(of);
  return (
    <Loaded query={grants} rows={6}>
      {({ pages }) => {
        const items = pages.flatMap((page) => page.items);
        if (items.length === 0)
          return of ? (
            <Empty title={t.sharing.noneOf} help={t.sharing.noneOfHelp} />
          ) : (
            <Empty title={t.sharing.none} help={t.sharing.noneHelp}>
              <Link to={`/${face}/catalogue`} className="cs-button cs-button-primary">
                {t.sharing.toCatalogue}
              </Link>
            </Empty>
          );
        return (
          <>
            <ul className="cs-grants">
              {items.map((grant) => (
                <Card key={grant.id} grant={grant} />
              ))}
            </ul>
            {grants.hasNextPage ? (
              <div className="cs-list-more">
                <Button onClick={() => void grants.fetchNextPage()} loading={grants.isFetchingNextPage}>
                  {`${t.common.more} (${t.common.shown(items.length)})`}
                </Button>
              </div>
            ) : null}
          </>
        );
      }}
    </Loaded>
  );
}

/** On the page of a resource: its grants, for those who may know of them; nothing when there are none. */
export function GrantsOf({ type }: { type: string }) {
  const { t } = useText();
  const session = useSession();
  const grants = useGrants(type, Boolean(session.data?.posts?.length));
  const items = grants.data?.pages[0]?.items ?? [];
  if (items.length === 0) return null;
  return (
    <Section title={t.sharing.grantsOf}>
      <ul className="cs-grants">
        {items.map((grant) => (
          <Card key={grant.id} grant={grant} />
        ))}
      </ul>
    </Section>
  );
}

function Card({ grant }: { grant: IssuedGrant }) {
  const { t, pick } = useText();
  const face = useFace();
  const type = useType(grant.resource);
  return (
    <li className="cs-grant">
      <div className="cs-grant-head">
        <h2>
          <Link to={grantPath(face, grant.id)}>{pick(grant.resource_title) || grant.resource}</Link>
        </h2>
        <StateMark state={grant.state} />
      </div>
      <p className="cs-muted cs-tight">{pick(grant.holder_name)}</p>
      <FieldTags grant={grant} type={type.data} />
      <dl className="cs-grant-facts">
        <dt>{t.sharing.purpose}</dt>
        <dd>{grant.purpose}</dd>
        <dt>{t.sharing.basis}</dt>
        <dd>{grant.basis}</dd>
        <dt>{t.sharing.rows}</dt>
        <dd>{grant.when ? <code>{grant.when}</code> : t.sharing.allRows}</dd>
        <dt>{t.sharing.until}</dt>
        <dd>
          <time dateTime={grant.until}>{formatDate(lastDay(grant.until))}</time>
        </dd>
      </dl>
      <div className="cs-grant-used">
        <Used used={grant.used} records={grant.records} />
      </div>
    </li>
  );
}
