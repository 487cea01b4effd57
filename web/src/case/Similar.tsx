import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { get } from "../api/client";
import { keys } from "../api/keys";
import { itemPath } from "../api/query";
import type { Item, Page, SimilarItem, Type } from "../api/types";
import { Section } from "../kit/Page";
import { itemHref, useFace } from "../shell/paths";
import { useText } from "../text";

/** Cases that are likely the same one reported twice. A hint only: when there are none, or they cannot be had, nothing is shown. */
export function Similar({ type, item }: { type: Type; item: Item }) {
  const { t, pick } = useText();
  const face = useFace();
  const similar = useQuery({
    queryKey: keys.similar(type.name, item.id),
    queryFn: ({ signal }) => get<Page<SimilarItem>>(`${itemPath(type.kind, type.name, item.id)}/similar`, signal),
    enabled: face !== "public",
    retry: false,
  });
  const items = similar.data?.items ?? [];
  if (items.length === 0) return null;
  return (
    <Section title={t.case.similar}>
      <p className="cs-muted">{t.case.similarHelp}</p>
      <ul className="cs-similar">
        {items.map((one) => (
          <li key={one.id}>
            <Link to={itemHref(face, type.name, one.id)}>{pick(one.title) || one.case?.number || one.id.slice(0, 8)}</Link>
            <div className="cs-muted">
              {one.metres === undefined || one.hours === undefined
                ? null
                : `${t.case.similarFacts(Math.round(one.metres), Math.round(one.hours))}${t.common.separator}`}
              {t.case.score(Math.round(one.score * 100))}
            </div>
          </li>
        ))}
      </ul>
    </Section>
  );
}
