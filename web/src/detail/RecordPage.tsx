import { DeleteOutlined, EditOutlined } from "@ant-design/icons";
import { App, Button } from "antd";
import { Suspense, lazy } from "react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { remove } from "../api/client";
import { itemPath } from "../api/query";
import type { Item, Type } from "../api/types";
import { Page, Section } from "../kit/Page";
import { problemText } from "../kit/problemText";
import { formatTime } from "../kit/time";
import { itemHref, typePath, useFace } from "../shell/paths";
import { useText } from "../text";
import { itemTitle } from "../types/declared";
import { placesOf } from "../archive/model";
import { Loading } from "../kit/states";
import { EvidenceLink } from "./EvidenceLink";
import { Facts } from "./Facts";
import { History } from "./History";
import { PlaceMap } from "./PlaceMap";
import { Provenance } from "./Provenance";

const Scans = lazy(async () => ({ default: (await import("../archive/Scans")).Scans }));

export function RecordPage({ type, item }: { type: Type; item: Item }) {
  const text = useText();
  const { t } = text;
  const face = useFace();
  const title = itemTitle(item, type, text);
  return (
    <Page
      title={title}
      lead={`${text.pick(type.title)} · ${t.item.revision(item.rev)} · ${formatTime(item.updated_at)}`}
      actions={
        <>
          {type.may?.update ? (
            <Link to={`${itemHref(face, type.name, item.id)}/edit`} className="cs-button cs-button-primary">
              <EditOutlined aria-hidden /> {t.common.edit}
            </Link>
          ) : null}
          <EvidenceLink type={type} id={item.id} name={item.id} />
          {type.may?.delete ? <DeleteButton type={type} item={item} /> : null}
        </>
      }
    >
      {placesOf(type) ? (
        <Suspense fallback={<Loading />}>
          <Scans type={type} item={item} />
        </Suspense>
      ) : null}
      <div className="cs-two">
        <div className="cs-stack">
          <Section title={t.item.facts}>
            <Facts type={type} item={item} />
          </Section>
          <Section title={t.item.history}>
            <History type={type} id={item.id} />
          </Section>
        </div>
        <div className="cs-stack">
          <PlaceMap type={type} item={item} />
          <Provenance type={type} />
        </div>
      </div>
    </Page>
  );
}

function DeleteButton({ type, item }: { type: Type; item: Item }) {
  const text = useText();
  const { t } = text;
  const { modal, message } = App.useApp();
  const face = useFace();
  const navigate = useNavigate();
  const client = useQueryClient();
  const erase = useMutation({
    mutationFn: () => remove(`${itemPath(type.kind, type.name, item.id)}?rev=${item.rev}`),
    onSuccess: () => {
      message.success(t.item.deleted);
      void client.invalidateQueries({ queryKey: ["list", type.name] });
      void navigate({ to: typePath(face, type.name) });
    },
    onError: (error) => void message.error(problemText(error, text)),
  });
  const ask = () =>
    modal.confirm({
      title: t.item.deleteTitle,
      content: t.item.deleteHelp,
      okText: t.common.delete,
      cancelText: t.common.cancel,
      okButtonProps: { danger: true },
      onOk: () => erase.mutateAsync().catch(() => undefined), // told by onError
    });
  return (
    <Button danger icon={<DeleteOutlined aria-hidden />} onClick={ask} loading={erase.isPending}>
      {t.common.delete}
    </Button>
  );
}
