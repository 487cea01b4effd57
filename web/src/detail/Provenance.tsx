import { Link } from "@tanstack/react-router";
import type { Type } from "../api/types";
import { Section } from "../kit/Page";
import { cataloguePath, useFace } from "../shell/paths";
import { useText, wordFor } from "../text";

/** On what legal basis something is held, by whom, and how it may be shared. */
export function Provenance({ type }: { type: Type }) {
  const { t } = useText();
  const face = useFace();
  const rows: [string, string | undefined][] = [
    [t.catalogue.articles, type.articles?.length ? t.common.articles(type.articles.join(t.common.separator)) : undefined],
    [t.catalogue.basis, type.basis],
    [t.catalogue.owner, type.owner],
    [t.catalogue.level, wordFor(t.catalogue.levels, type.level)],
    [t.catalogue.sharing, wordFor(t.catalogue.sharings, type.sharing)],
    [t.catalogue.opening, wordFor(t.catalogue.openings, type.opening)],
  ];
  return (
    <Section title={t.item.law} extra={<Link to={cataloguePath(face, type.name)}>{t.common.show}</Link>}>
      <dl className="cs-facts">
        {rows.map(([title, value]) =>
          value ? (
            <div key={title}>
              <dt>{title}</dt>
              <dd>{value}</dd>
            </div>
          ) : null,
        )}
      </dl>
    </Section>
  );
}
