import { DownloadOutlined } from "@ant-design/icons";
import { useText } from "../text";
import "./sharing.css";

export const formats = ["csv", "xlsx", "json", "jsonl", "parquet"] as const;
export type Format = (typeof formats)[number];

/** The same rows as a file in each format. */
export function Downloads({ help, href }: { help: string; href: (format: Format) => string }) {
  const { t } = useText();
  return (
    <>
      <p className="cs-muted">{help}</p>
      <ul className="cs-downloads">
        {formats.map((format) => (
          <li key={format}>
            <a href={href(format)} download className="cs-button">
              <DownloadOutlined aria-hidden /> {t.sharing.formats[format]}
            </a>
          </li>
        ))}
      </ul>
    </>
  );
}
