import { Button, Input } from "antd";
import { useId, useState } from "react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { post } from "../api/client";
import type { DeliveredRow, IssuedGrant, LookedUp } from "../api/sharing";
import type { Type } from "../api/types";
import { DataTable } from "../kit/DataTable";
import { Failure } from "../kit/states";
import { useText } from "../text";
import { nameTitle } from "../types/declared";
import { useDeliveredColumns } from "./Delivered";
import { grantApi, used } from "./grants";

const mostKeys = 100;

/** Rows by their key: as many as are typed, one a line. */
export function LookupForm({ grant, type }: { grant: IssuedGrant; type: Type }) {
  const text = useText();
  const { t } = text;
  const id = useId();
  const client = useQueryClient();
  const [typed, setTyped] = useState("");
  const [wrong, setWrong] = useState("");
  const look = useMutation({
    mutationFn: async (keys: string[]) => ({ keys, answer: await post<LookedUp>(`${grantApi(grant.id)}/lookup`, { keys }) }),
    onSuccess: () => client.invalidateQueries(used),
  });
  if (!grant.key) return <p className="cs-muted">{t.sharing.noKey}</p>;
  const title = nameTitle(type, grant.key, text);
  const submit = () => {
    const keys = typed.split(/[\s,，;；]+/).filter(Boolean);
    const fault = keys.length === 0 ? t.sharing.keysMissing : keys.length > mostKeys ? t.sharing.keysTooMany : "";
    setWrong(fault);
    if (!fault) look.mutate(keys);
  };
  return (
    <>
      <form
        noValidate
        className="cs-ask"
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
      >
        <div className="cs-line cs-ask-wide">
          <label htmlFor={id}>{title}</label>
          <Input.TextArea
            id={id}
            autoSize={{ minRows: 2, maxRows: 10 }}
            value={typed}
            onChange={(event) => setTyped(event.target.value)}
            status={wrong ? "error" : undefined}
            aria-invalid={wrong !== ""}
            aria-describedby={`${id}-help`}
          />
          <p id={`${id}-help`} className={wrong ? "cs-error" : "cs-help"} role={wrong ? "alert" : undefined}>
            {wrong || `${t.sharing.keysHelp(title)}${t.sharing.counts}`}
          </p>
        </div>
        <Button type="primary" htmlType="submit" loading={look.isPending}>
          {t.sharing.look}
        </Button>
      </form>
      {look.error ? <Failure error={look.error} /> : null}
      {look.data ? <Result grant={grant} type={type} keys={look.data.keys} items={look.data.answer.items} /> : null}
    </>
  );
}

interface Asked {
  key: string;
  row: DeliveredRow | null;
}

function Result({ grant, type, keys, items }: { grant: IssuedGrant; type: Type; keys: string[]; items: (DeliveredRow | null)[] }) {
  const { t } = useText();
  const columns = useDeliveredColumns(grant, type);
  const rows: Asked[] = keys.map((key, index) => ({ key, row: items[index] ?? null }));
  const rest = columns.filter((column) => column.key !== grant.key);
  return (
    <>
      <p role="status" className="cs-ask-result">
        {t.sharing.found(items.filter((item) => item !== null).length, keys.length)}
      </p>
      <DataTable<Asked>
        caption={t.sharing.result}
        rows={rows}
        rowKey={({ key }, index) => `${index}:${key}`}
        columns={[
          {
            key: "key",
            title: t.sharing.asked,
            header: true,
            render: ({ key, row }) => (
              <>
                <span className="cs-number">{key}</span>
                {row ? null : <div className="cs-none">{t.sharing.noSuchRow}</div>}
              </>
            ),
          },
          ...rest.map((column) => ({ ...column, header: false, render: ({ row }: Asked) => (row ? column.render(row) : null) })),
        ]}
      />
    </>
  );
}
