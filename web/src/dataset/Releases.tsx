import { UploadOutlined } from "@ant-design/icons";
import { Button } from "antd";
import { Suspense, lazy } from "react";
import { Link } from "@tanstack/react-router";
import { useType, useTypes } from "../api/queries";
import type { Release } from "../api/dataset";
import type { Type } from "../api/types";
import { DataTable } from "../kit/DataTable";
import { Digest } from "../kit/Digest";
import { formatNumber, formatSize } from "../kit/format";
import { Section } from "../kit/Page";
import { Empty, Loaded } from "../kit/states";
import { formatTime } from "../kit/time";
import { useListParams } from "../list/useListParams";
import { typePath, useFace } from "../shell/paths";
import { useText } from "../text";
import { startActions } from "../types/declared";
import { ChosenRelease } from "./ChosenRelease";
import { ReleaseLink } from "./ReleaseLink";
import { loads } from "./loads";
import { useReleases } from "./releases";
import "./dataset.css";

const Compare = lazy(async () => ({ default: (await import("./Compare")).Compare }));
const QualityHistory = lazy(async () => ({ default: (await import("./QualityHistory")).QualityHistory }));

/** All releases of a dataset, and what one of them is. Which one stands in the address; without one it is the newest. */
export function Releases({ type }: { type: Type }) {
  const { t } = useText();
  const [params] = useListParams();
  const releases = useReleases(type.name);
  return (
    <Loaded query={releases} rows={6}>
      {({ pages }) => {
        const items = pages.flatMap((page) => page.items);
        const newest = items[0];
        if (!newest)
          return (
            <Section title={t.dataset.releases}>
              <Empty title={t.dataset.empty} help={t.dataset.emptyHelp} />
            </Section>
          );
        const chosen = Number(params.release) || newest.version;
        return (
          <>
            <Section title={t.dataset.releases}>
              <p className="cs-muted">{t.dataset.releasesHelp}</p>
              <Table releases={items} chosen={chosen} newest={newest.version} />
              {releases.hasNextPage ? (
                <div className="cs-list-more">
                  <Button onClick={() => void releases.fetchNextPage()} loading={releases.isFetchingNextPage}>
                    {`${t.common.more} (${t.common.shown(items.length)})`}
                  </Button>
                </div>
              ) : null}
            </Section>
            <ChosenRelease
              key={chosen}
              type={type}
              version={chosen}
              gone={items.find(({ version }) => version === chosen)?.gone}
              newest={chosen === newest.version}
            />
            <Suspense>
              <Compare type={type} releases={items} chosen={chosen} />
              <QualityHistory dataset={type.name} releases={items} />
            </Suspense>
          </>
        );
      }}
    </Loaded>
  );
}

function Table({ releases, chosen, newest }: { releases: Release[]; chosen: number; newest: number }) {
  const { t } = useText();
  return (
    <DataTable
      caption={t.dataset.releases}
      rows={releases}
      rowKey={({ version }) => String(version)}
      rowClass={({ version }) => (version === chosen ? "cs-release-row" : undefined)}
      columns={[
        {
          key: "version",
          title: t.dataset.version,
          header: true,
          render: ({ version, gone, restores }) => (
            <span className="cs-row">
              <ReleaseLink version={version} current={version === chosen} />
              {version === newest ? <span className="cs-mark">{t.dataset.latest}</span> : null}
              {gone ? <span className="cs-mark">{t.dataset.gone}</span> : null}
              {restores ? <span className="cs-mark">{t.dataset.restores(restores)}</span> : null}
            </span>
          ),
        },
        { key: "at", title: t.dataset.at, render: ({ at }) => <time dateTime={at}>{formatTime(at)}</time> },
        { key: "rows", title: t.dataset.rows, numeric: true, render: ({ rows }) => formatNumber(rows) },
        { key: "size", title: t.dataset.size, numeric: true, render: ({ bytes }) => formatSize(bytes) },
        {
          key: "digest",
          title: t.dataset.digest,
          render: ({ version, digest }) => <Digest hex={digest} title={t.dataset.copyDigest(t.dataset.named(version))} />,
        },
      ]}
    />
  );
}

/** The way to a new release, for those who may load files. */
export function LoadLink() {
  const { pick } = useText();
  const face = useFace();
  const types = useTypes();
  const declared = types.data?.some(({ name }) => name === loads);
  const load = useType(declared ? loads : undefined);
  const send = load.data && load.data.may?.create !== false ? startActions(load.data)[0] : undefined;
  if (!send) return null;
  return (
    <Link to={`${typePath(face, loads)}/new`} className="cs-button cs-button-primary">
      <UploadOutlined aria-hidden /> {pick(send.title)}
    </Link>
  );
}
