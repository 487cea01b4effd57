import { PlusOutlined } from "@ant-design/icons";
import { Link, Navigate, useParams } from "@tanstack/react-router";
import { useType } from "../api/queries";
import type { Type } from "../api/types";
import { Page } from "../kit/Page";
import { Loaded } from "../kit/states";
import { cataloguePath, typePath, useFace } from "../shell/paths";
import { useText } from "../text";
import { startActions } from "../types/declared";
import { ListView } from "./ListView";

/** The plain list of a type, for types that no screen shows. Datasets have none: their rows are on the page of the catalogue. */
export function TypeListPage() {
  const { type: name } = useParams({ strict: false });
  const type = useType(name);
  const face = useFace();
  return (
    <Loaded whole query={type}>
      {(declared) =>
        declared.kind === "dataset" ? (
          <Navigate to={cataloguePath(face, declared.name)} replace />
        ) : (
          <TypeList key={declared.name} type={declared} />
        )
      }
    </Loaded>
  );
}

function TypeList({ type }: { type: Type }) {
  const { pick } = useText();
  return (
    <Page title={pick(type.title)} lead={pick(type.about)} actions={<CreateLink type={type} />}>
      <ListView type={type} />
    </Page>
  );
}

/** The way to a new record or case, for those who may. */
export function CreateLink({ type }: { type: Type }) {
  const { t } = useText();
  const face = useFace();
  const offered = type.kind === "case" ? startActions(type).length > 0 && type.may?.create !== false : type.may?.create === true;
  if (!offered) return null;
  return (
    <Link to={`${typePath(face, type.name)}/new`} className="cs-button cs-button-primary">
      <PlusOutlined aria-hidden /> {t.list.create}
    </Link>
  );
}
