import { FileOutlined } from "@ant-design/icons";
import { Suspense, lazy } from "react";
import type { Manifest } from "../api/dataset";
import type { Type } from "../api/types";
import { Digest } from "../kit/Digest";
import { formatNumber, formatSize } from "../kit/format";
import { Section } from "../kit/Page";
import { Empty, Loaded } from "../kit/states";
import { formatTime } from "../kit/time";
import { useText, wordFor } from "../text";
import { Preview } from "./Preview";
import { QualityPicture } from "./QualityPicture";
import { ReleaseLink } from "./ReleaseLink";
import { RestoreLink } from "../sharing/AskLinks";
import { Downloads } from "../sharing/Downloads";
import { downloadHref, useManifest } from "./releases";

const FieldLineage = lazy(async () => ({ default: (await import("./Lineage")).FieldLineage }));

/** One release: how good its file was, where it comes from, and its rows. */
export function ChosenRelease({ type, version, gone, newest }: { type: Type; version: number; gone?: boolean; newest?: boolean }) {
  const { t, pick } = useText();
  const manifest = useManifest(type.name, version);
  return (
    <Loaded query={manifest} rows={6}>
      {(found) => (
        <>
          <Section title={t.dataset.quality(version)}>
            <QualityPicture
              quality={found.quality}
              fieldTitle={(name) => pick(found.fields.find((field) => field.name === name)?.title) || name}
            />
          </Section>
          <Section title={t.dataset.lineage(version)}>
            <Lineage manifest={found} />
            <Suspense>
              <FieldLineage manifest={found} />
            </Suspense>
          </Section>
          {gone ? (
            <Section title={t.dataset.preview(version)}>
              <Empty title={t.dataset.goneTitle} help={t.dataset.goneHelp} />
            </Section>
          ) : (
            <>
              <Section title={t.dataset.downloads(version)} extra={newest ? null : <RestoreLink dataset={type.name} version={version} />}>
                <Downloads help={t.dataset.downloadHelp} href={(format) => downloadHref(type.name, version, format)} />
              </Section>
              <Preview type={type} manifest={found} />
            </>
          )}
        </>
      )}
    </Loaded>
  );
}

/** From which file, after which release. */
function Lineage({ manifest: { source, columns, version, at, rows, files, parent } }: { manifest: Manifest }) {
  const { t } = useText();
  const leftOut = (columns ?? []).filter(({ field }) => !field).map(({ header }) => header);
  return (
    <ul className="cs-lineage">
      <li>
        <div className="cs-muted">{t.dataset.source}</div>
        <div className="cs-lineage-name">
          <FileOutlined aria-hidden /> {source.name}
        </div>
        <div>
          {[
            formatSize(source.bytes),
            `${t.dataset.charset} ${source.charset.toUpperCase()}`,
            `${t.dataset.delimiter} ${wordFor(t.dataset.delimiters, source.delimiter)}`,
          ].join(" · ")}
        </div>
        {leftOut.length > 0 ? <div>{t.dataset.leftOut(leftOut.join(t.common.separator))}</div> : null}
        <Digest hex={source.sha256} title={t.dataset.copyDigest(source.name)} />
      </li>
      <li className="cs-lineage-this">
        <div className="cs-muted">{t.dataset.release}</div>
        <div className="cs-lineage-name">{t.dataset.named(version)}</div>
        <div>{`${formatTime(at)} · ${t.dataset.rowCount(formatNumber(rows))}`}</div>
        {files.map((file) => (
          <div key={file.name}>
            {`${file.name} · ${formatSize(file.bytes)} `}
            <Digest hex={file.sha256} title={t.dataset.copyDigest(file.name)} />
          </div>
        ))}
      </li>
      <li className="cs-lineage-parent">
        <div className="cs-muted">{t.dataset.parent}</div>
        <div className="cs-lineage-name">{parent ? <ReleaseLink version={parent} /> : t.dataset.noParent}</div>
      </li>
    </ul>
  );
}
