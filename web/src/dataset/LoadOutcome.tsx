import { Alert } from "antd";
import { Link } from "@tanstack/react-router";
import type { Item } from "../api/types";
import { formatNumber } from "../kit/format";
import { cataloguePath, useFace } from "../shell/paths";
import { useText } from "../text";
import { batchOf, failuresId } from "./loads";

/** What has become of a file that was loaded, in a word: its release, and how many rows were not taken. */
export function LoadOutcome({ item }: { item: Item }) {
  const { t } = useText();
  const face = useFace();
  const { dataset, release, rows, bad, findings } = item.fields;
  return (
    <>
      {typeof dataset === "string" && typeof release === "number" ? (
        <Alert
          type="success"
          showIcon
          className="cs-form-alert"
          title={
            <Link to={cataloguePath(face, dataset)} search={{ release: String(release) }}>
              {t.dataset.released(release)}
            </Link>
          }
        />
      ) : null}
      {batchOf(item) && typeof rows === "number" && typeof bad === "number" && bad > 0 ? (
        <Alert
          type="warning"
          showIcon
          className="cs-form-alert"
          title={<a href={`#${failuresId}`}>{t.dataset.notTaken(formatNumber(bad), formatNumber(rows))}</a>}
        />
      ) : null}
      {batchOf(item) && typeof findings === "number" && findings > 0 ? (
        <Alert type="warning" showIcon className="cs-form-alert" title={<a href={`#${failuresId}`}>{t.dataset.findings(findings)}</a>} />
      ) : null}
    </>
  );
}
