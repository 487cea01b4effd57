import { SearchOutlined } from "@ant-design/icons";
import { Input } from "antd";
import { useState } from "react";
import { useFoundTypes } from "../catalogue/found";
import { ResourceCards } from "../catalogue/Resources";
import { Empty, Loaded } from "../kit/states";
import { useDelayed } from "../kit/useDelayed";
import type { TypeSummary } from "../api/types";
import { openPath, useFace } from "../shell/paths";
import { useText } from "../text";
import "../catalogue/catalogue.css";
import "../list/list.css";

/** What anyone may read: data opened without condition, whose rows the visitor may read one and all. */
export function OpenDataView() {
  const { t } = useText();
  const face = useFace();
  const [typed, setTyped] = useState("");
  const types = useFoundTypes(useDelayed(typed, 250).trim());
  return (
    <>
      <form role="search" className="cs-list-bar" onSubmit={(event) => event.preventDefault()}>
        <Input
          type="search"
          size="large"
          className="cs-search-box"
          prefix={<SearchOutlined aria-hidden />}
          aria-label={t.open.search}
          placeholder={t.open.search}
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
        />
      </form>
      <Loaded query={types} rows={8}>
        {(found) => {
          const open = found.filter(isOpen);
          return (
            <>
              <p role="status" className="cs-muted">
                {t.open.found(open.length)}
              </p>
              {open.length === 0 ? (
                <Empty title={t.open.none} help={t.open.noneHelp} />
              ) : (
                <ResourceCards rows={open} packTitle={() => ""} path={(name) => openPath(face, name)} />
              )}
            </>
          );
        }}
      </Loaded>
    </>
  );
}

/** A count is told only to those who may read every row. */
function isOpen(type: TypeSummary): boolean {
  return type.kind !== "case" && type.opening === "unconditional" && type.count !== undefined;
}
