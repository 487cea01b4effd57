import { SearchOutlined } from "@ant-design/icons";
import { Input, Segmented } from "antd";
import { useText } from "../text";
import type { Wanted } from "./filter";

export function LawFilter({ wanted, change }: { wanted: Wanted; change: (wanted: Wanted) => void }) {
  const { t } = useText();
  return (
    <form role="search" className="cs-list-bar" onSubmit={(event) => event.preventDefault()}>
      <Input
        type="search"
        className="cs-search-box"
        prefix={<SearchOutlined aria-hidden />}
        aria-label={t.law.filter}
        placeholder={t.law.filter}
        value={wanted.words}
        onChange={(event) => change({ ...wanted, words: event.target.value })}
      />
      <Segmented<Wanted["show"]>
        aria-label={t.law.show}
        value={wanted.show}
        onChange={(show) => change({ ...wanted, show })}
        options={[
          { value: "all", label: t.law.showAll },
          { value: "yes", label: t.law.built.yes },
          { value: "part", label: t.law.built.part },
          { value: "no", label: t.law.built.no },
          { value: "overdue", label: t.law.showOverdue },
        ]}
      />
    </form>
  );
}
