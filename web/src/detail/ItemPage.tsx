import { Suspense, lazy } from "react";
import { useParams } from "@tanstack/react-router";
import { useItem, useType } from "../api/queries";
import type { Type } from "../api/types";
import { Loaded, Loading } from "../kit/states";
import { RecordPage } from "./RecordPage";

const CasePage = lazy(async () => ({ default: (await import("../case/CasePage")).CasePage }));

/** One record or case. */
export function ItemPage() {
  const { type: name } = useParams({ strict: false });
  const type = useType(name);
  return (
    <Loaded whole query={type} rows={8}>
      {(declared) => <Found type={declared} />}
    </Loaded>
  );
}

function Found({ type }: { type: Type }) {
  const { id = "" } = useParams({ strict: false });
  const item = useItem(type, id);
  return (
    <Loaded whole query={item} rows={8}>
      {(found) =>
        type.kind === "case" ? (
          <Suspense fallback={<Loading whole rows={8} />}>
            <CasePage key={id} type={type} item={found} />
          </Suspense>
        ) : (
          <RecordPage key={id} type={type} item={found} />
        )
      }
    </Loaded>
  );
}
