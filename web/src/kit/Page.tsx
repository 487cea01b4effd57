import { useEffect, useRef } from "react";
import type { ReactNode } from "react";
import { useText } from "../text";

let pagesShown = 0;

/** A page: its heading, which takes the focus when the user has come here from another page, its actions, and its content. */
export function Page({
  title,
  lead,
  actions,
  narrow,
  hero,
  children,
}: {
  title: string;
  lead?: ReactNode;
  actions?: ReactNode;
  narrow?: boolean;
  /** The heading as a banner, for a front page. */
  hero?: boolean;
  children: ReactNode;
}) {
  const { t } = useText();
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = title ? `${title} · ${t.product.name}` : t.product.name;
  }, [title, t]);
  useEffect(() => {
    // Not on the first page: there the browser's own start of the document, with the skip link, is right.
    if (pagesShown++ > 0) heading.current?.focus({ preventScroll: true });
  }, []);
  return (
    <div className={narrow ? "cs-page cs-page-narrow" : "cs-page"}>
      <header className={hero ? "cs-page-head cs-hero" : "cs-page-head"}>
        <div>
          <h1 ref={heading} tabIndex={-1}>
            {title}
          </h1>
          {lead ? <div className="cs-page-lead">{lead}</div> : null}
        </div>
        {actions ? <div className="cs-page-actions">{actions}</div> : null}
      </header>
      {children}
    </div>
  );
}

/** A titled part of a page. */
export function Section({ title, extra, children, plain }: { title: string; extra?: ReactNode; children: ReactNode; plain?: boolean }) {
  return (
    <section className={plain ? "cs-section cs-section-plain" : "cs-section"} aria-label={title}>
      <div className="cs-section-head">
        <h2>{title}</h2>
        {extra}
      </div>
      {children}
    </section>
  );
}
