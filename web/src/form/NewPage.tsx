import { useParams, useSearch } from "@tanstack/react-router";
import { useType } from "../api/queries";
import { Page, Section } from "../kit/Page";
import { Loaded } from "../kit/states";
import { useText } from "../text";
import { NewForm } from "./NewForm";

export function NewPage() {
  const { t, pick } = useText();
  const { type: name } = useParams({ strict: false });
  const { action } = useSearch({ strict: false });
  const type = useType(name);
  return (
    <Loaded whole query={type}>
      {(declared) => (
        <Page narrow title={t.form.newTitle(pick(declared.title))} lead={pick(declared.about)}>
          <Section title={pick(declared.title)}>
            <NewForm key={declared.name} type={declared} action={action} />
          </Section>
        </Page>
      )}
    </Loaded>
  );
}
