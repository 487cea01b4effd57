import { useQuery } from "@tanstack/react-query";
import { get } from "../api/client";
import { keys } from "../api/keys";
import type { Page, Source } from "../api/types";
import { DataTable } from "../kit/DataTable";
import { Section } from "../kit/Page";
import { formatTime } from "../kit/time";
import { useText } from "../text";

/** Where data comes from by itself, and how each source fares. Nothing is shown where no pack declares one. */
export function Sources({ refresh }: { refresh: number }) {
  const { t, pick } = useText();
  const sources = useQuery({
    queryKey: keys.admin("sources"),
    queryFn: ({ signal }) => get<Page<Source>>("/api/sources", signal),
    refetchInterval: refresh,
  });
  const items = sources.data?.items ?? [];
  if (items.length === 0) return null;
  return (
    <Section title={t.admin.sources}>
      <DataTable
        caption={t.admin.sources}
        rows={items}
        rowKey={(source) => source.name}
        columns={[
          { key: "title", title: t.admin.sources, header: true, render: (source) => pick(source.title) },
          { key: "last", title: t.admin.sourceLast, render: (source) => formatTime(source.last_at) },
          { key: "good", title: t.admin.sourceGood, render: (source) => formatTime(source.last_good_at) },
          { key: "next", title: t.admin.sourceNext, render: (source) => (source.running ? t.admin.sourceRunning : formatTime(source.due_at)) },
          { key: "rows", title: t.admin.sourceRows, numeric: true, render: (source) => source.rows || "" },
          { key: "error", title: t.admin.jobError, render: (source) => pick(source.error) },
        ]}
      />
    </Section>
  );
}
