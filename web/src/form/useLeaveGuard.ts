import { useEffect, useRef } from "react";
import { useBlocker } from "@tanstack/react-router";
import { App } from "antd";
import { useText } from "../text";

/** Asks before what was typed is lost. `allow` lets the next change of page pass, once the form has been sent. */
export function useLeaveGuard(dirty: boolean): { allow: () => void } {
  const { t } = useText();
  const { modal } = App.useApp();
  const allowed = useRef(false);
  const guarded = useRef(dirty);
  useEffect(() => {
    guarded.current = dirty;
  }, [dirty]);
  useBlocker({
    shouldBlockFn: async ({ current, next }) => {
      if (allowed.current || !guarded.current || current.pathname === next.pathname) return false;
      return !(await modal.confirm({
        title: t.form.leave,
        okText: t.common.confirm,
        cancelText: t.common.cancel,
        okButtonProps: { danger: true },
      }));
    },
    enableBeforeUnload: () => guarded.current && !allowed.current,
  });
  return {
    allow: () => {
      allowed.current = true;
    },
  };
}
