import { useText } from "../text";

/** The mark: a seal with a pivot, one centre around which four quarters turn. */
export function Seal() {
  return (
    <svg className="cs-seal" viewBox="0 0 38 38" aria-hidden="true" focusable="false">
      <rect x="1" y="1" width="36" height="36" rx="5" fill="#a8322a" />
      <rect x="3.6" y="3.6" width="30.8" height="30.8" rx="3" fill="none" stroke="#f6e9da" strokeWidth="1.2" />
      <g fill="none" stroke="#fdf6ec" strokeWidth="2.4" strokeLinecap="round">
        <path d="M19 8.5v5.5M19 24v5.5M8.5 19H14M24 19h5.5" />
        <path d="M11.2 14.2a9 9 0 0 1 3-3M23.8 11.2a9 9 0 0 1 3 3M26.8 23.8a9 9 0 0 1-3 3M14.2 26.8a9 9 0 0 1-3-3" />
      </g>
      <circle cx="19" cy="19" r="3.6" fill="#fdf6ec" />
    </svg>
  );
}

export function Logo() {
  const { t } = useText();
  return (
    <>
      <Seal />
      <span>
        <span className="cs-logo-name">{t.product.name}</span>
        <span className="cs-logo-sub">{`${t.product.city} · ${t.product.subtitle}`}</span>
      </span>
    </>
  );
}
