import type { Screen, Type } from "../api/types";
import { Page, Section } from "../kit/Page";
import { useText } from "../text";
import { NewForm } from "./NewForm";

/** A service that a pack offers: one start action of a case, or one kind of record, as a form. */
export function FormScreen({ screen, type }: { screen: Screen; type: Type }) {
  const { t, pick } = useText();
  const lead = pick(screen.about) || pick(type.about);
  return (
    <Page narrow title={pick(screen.title)} lead={lead}>
      <Section
        title={pick(type.title)}
        extra={type.articles?.length ? <span className="cs-muted">{t.common.articles(type.articles.join(t.common.separator))}</span> : null}
      >
        <NewForm type={type} action={screen.action} />
      </Section>
    </Page>
  );
}
