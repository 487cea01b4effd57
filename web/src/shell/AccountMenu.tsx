import { EyeOutlined, LogoutOutlined, UserOutlined } from "@ant-design/icons";
import { useEffect, useRef, useState } from "react";
import { App } from "antd";
import { Link, useNavigate } from "@tanstack/react-router";
import type { Session } from "../api/types";
import { useSignOut } from "../session/session";
import { useText } from "../text";

/** A disclosure: the button tells whether the panel is open; Escape and a click elsewhere close it. */
export function AccountMenu({ session, name }: { session: Session; name: string }) {
  const { t } = useText();
  const [open, setOpen] = useState(false);
  const frame = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const close = () => setOpen(false);

  useEffect(() => {
    if (!open) return;
    const outside = (event: PointerEvent) => {
      if (event.target instanceof Node && !frame.current?.contains(event.target)) setOpen(false);
    };
    document.addEventListener("pointerdown", outside);
    return () => document.removeEventListener("pointerdown", outside);
  }, [open]);

  const onKeyDown = (event: React.KeyboardEvent) => {
    if (event.key !== "Escape" || !open) return;
    close();
    button.current?.focus();
  };
  return (
    <div className="cs-menu" ref={frame} onKeyDown={onKeyDown}>
      <button
        ref={button}
        type="button"
        className="cs-tool"
        aria-expanded={open}
        aria-label={`${t.header.account}: ${name}`}
        onClick={() => setOpen(!open)}
      >
        <UserOutlined aria-hidden />
        <span className="cs-tool-word">{name}</span>
      </button>
      {open ? <Panel session={session} name={name} close={close} /> : null}
    </div>
  );
}

function Panel({ session, name, close }: { session: Session; name: string; close: () => void }) {
  const { t, pick } = useText();
  const { message } = App.useApp();
  const navigate = useNavigate();
  const signOut = useSignOut(() => {
    close();
    message.success(t.session.signedOut);
    void navigate({ to: "/" });
  });
  return (
    <div className="cs-menu-panel">
      <div className="cs-menu-about">
        <strong>{name}</strong>
        {session.posts?.map((post) => (
          <div key={post.id} className="cs-muted">
            {pick(post.org_name)}
          </div>
        ))}
      </div>
      <Link to="/public/reads" onClick={close}>
        <EyeOutlined aria-hidden /> {t.header.myReads}
      </Link>
      <button type="button" onClick={() => signOut.mutate()} disabled={signOut.isPending}>
        <LogoutOutlined aria-hidden /> {t.header.signOut}
      </button>
    </div>
  );
}
