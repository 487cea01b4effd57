import { Page } from "../kit/Page";
import { useText } from "../text";
import { CatalogueView } from "./CatalogueView";

export function CataloguePage() {
  const { t } = useText();
  return (
    <Page title={t.catalogue.title}>
      <CatalogueView />
    </Page>
  );
}
