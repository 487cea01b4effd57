import { Select } from "antd";
import type { SelectProps } from "antd";
import { useLayoutEffect, useRef } from "react";
import type { ReactNode } from "react";

/** antd's Select, whose list of options also has a name for screen readers. `title` is what the label beside the control says. */
export function Choose<Value>({ title, ...props }: SelectProps<Value> & { title: string }) {
  return <Select<Value> {...props} popupRender={(menu) => <NamedList title={title}>{menu}</NamedList>} />;
}

/** antd leaves the list nameless and gives no way to name it but this. A list without options is a message. */
function NamedList({ title, children }: { title: string; children: ReactNode }) {
  const frame = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const list = frame.current?.querySelector("[id$='_list']");
    list?.setAttribute("aria-label", title);
    list?.setAttribute("role", list.classList.contains("ant-select-item-empty") ? "status" : "listbox");
  });
  return <div ref={frame}>{children}</div>;
}
