import { Checkbox } from "antd";
import { useState } from "react";
import type { ListParams } from "../api/query";
import type { TypeSummary } from "../api/types";
import { useText, wordFor } from "../text";
import { chosenIn, countsOf, facets, toggled } from "./facets";
import type { Facet } from "./facets";

interface Props {
  types: TypeSummary[];
  params: ListParams;
  change: (change: ListParams) => void;
  packTitle: (pack: string) => string;
}

const fewest = 6; // values shown of a facet before it is opened

/** By what the catalogue is narrowed, with how many there are of each; on a phone closed at first. */
export function Facets({ types, params, change, packTitle }: Props) {
  const { t } = useText();
  const [open] = useState(() => window.matchMedia("(min-width: 900px)").matches);
  return (
    <details className="cs-facets" open={open}>
      <summary>{t.catalogue.narrow}</summary>
      {facets.map((facet) => (
        <FacetBox key={facet} facet={facet} types={types} params={params} change={change} packTitle={packTitle} />
      ))}
    </details>
  );
}

function FacetBox({ facet, types, params, change, packTitle }: Props & { facet: Facet }) {
  const { t } = useText();
  const [all, setAll] = useState(false);
  const values = countsOf(types, params, facet);
  const chosen = chosenIn(params, facet);
  if (values.length === 0) return null;
  const shown = all ? values : values.filter(({ value }, index) => index < fewest || chosen.includes(value));
  const words: Partial<Record<Facet, Readonly<Record<string, string>>>> = {
    kind: { record: t.catalogue.record, case: t.catalogue.case, dataset: t.catalogue.dataset },
    level: t.catalogue.levels,
    sharing: t.catalogue.sharings,
    opening: t.catalogue.openings,
    cycle: t.catalogue.cycles,
  };
  const named = (value: string) => (facet === "pack" ? packTitle(value) : wordFor(words[facet] ?? {}, value));
  return (
    <fieldset className="cs-facet">
      <legend>{t.catalogue[facet]}</legend>
      {shown.map(({ value, count }) => (
        <Checkbox key={value} checked={chosen.includes(value)} onChange={(event) => change({ [facet]: toggled(params, facet, value, event.target.checked) })}>
          {named(value)} <span className="cs-facet-count">{count}</span>
        </Checkbox>
      ))}
      {values.length > shown.length ? (
        <button type="button" className="cs-facet-all" onClick={() => setAll(true)}>
          {t.catalogue.allValues(values.length)}
        </button>
      ) : null}
    </fieldset>
  );
}
