import { Alert } from "antd";
import type { Cleaned, Quality } from "../api/dataset";
import { DataTable } from "../kit/DataTable";
import { formatNumber } from "../kit/format";
import { useText, wordFor } from "../text";

/** Whether there is anything to say of a file beside its rows. */
export const hasFindings = (quality: Quality | undefined): quality is Quality => Boolean(quality?.findings?.length || quality?.cleaned?.some(({ cells }) => cells > 0));

/** What a file as a whole does not keep, and how its cells were cleaned. */
export function Findings({ quality, fieldTitle }: { quality: Quality; fieldTitle: (field: string) => string }) {
  const { t, pick } = useText();
  const cleaned = (quality.cleaned ?? []).filter(({ cells }) => cells > 0);
  return (
    <>
      {(quality.findings ?? []).map(({ rule, stop, text }) => (
        <Alert
          key={`${rule}:${pick(text)}`}
          type={stop ? "error" : "warning"}
          showIcon
          className="cs-form-alert"
          title={stop ? t.dataset.stops(pick(text)) : pick(text)}
        />
      ))}
      {cleaned.length > 0 ? (
        <DataTable
          compact
          caption={t.dataset.cleaned}
          rows={cleaned}
          rowKey={({ field, step }) => `${field}:${step}`}
          columns={[
            { key: "field", title: t.dataset.cleanedField, header: true, render: ({ field }: Cleaned) => fieldTitle(field) },
            { key: "step", title: t.dataset.cleanedStep, render: ({ step }: Cleaned) => wordFor(t.dataset.steps, step) },
            { key: "cells", title: t.dataset.cleanedCells, render: ({ cells }: Cleaned) => formatNumber(cells) },
            ...(cleaned.some(({ examples }) => examples?.length)
              ? [{ key: "examples", title: t.dataset.cleanedExamples, render: ({ examples }: Cleaned) => <Examples examples={examples ?? []} /> }]
              : []),
          ]}
        />
      ) : null}
    </>
  );
}

function Examples({ examples }: { examples: [string, string][] }) {
  return (
    <ul className="cs-why">
      {examples.map(([before, after]) => (
        <li key={before}>{`${before} → ${after}`}</li>
      ))}
    </ul>
  );
}
