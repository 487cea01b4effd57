/** `open` is curl without a key, for what anyone may read. */
export type Language = "curl" | "js" | "open";

export interface Call {
  method: "GET" | "POST";
  url: string;
  body?: unknown;
  /** Under which name the answer is kept, when it is a file. */
  file?: string;
}

/** A call as a program would make it. The key is left for the reader to put in. */
export function codeOf({ method, url, body, file }: Call, language: Language): string {
  if (language === "js") return script(method, url, body);
  return curl(language === "open" ? ["curl"] : [`curl -H "Authorization: Bearer $KEY"`], method, url, body, file);
}

function curl(lines: string[], method: string, url: string, body: unknown, file: string | undefined): string {
  if (method === "POST") lines.push(`-H 'Content-Type: application/json'`, `-d '${JSON.stringify(body).replaceAll("'", "'\\''")}'`);
  if (file) lines.push(`-o ${file}`);
  return [...lines, `'${url}'`].join(" \\\n  ");
}

function script(method: string, url: string, body: unknown): string {
  const headers = method === "POST" ? `{ Authorization: \`Bearer \${KEY}\`, "Content-Type": "application/json" }` : `{ Authorization: \`Bearer \${KEY}\` }`;
  const lines = [`const response = await fetch(${JSON.stringify(url)}, {`];
  if (method === "POST") lines.push(`  method: "POST",`);
  lines.push(`  headers: ${headers},`);
  if (method === "POST") lines.push(`  body: JSON.stringify(${JSON.stringify(body)}),`);
  lines.push(`});`, `if (!response.ok) throw new Error(await response.text());`);
  lines.push(method === "POST" ? `const { items } = await response.json();` : `const bytes = await response.arrayBuffer();`);
  return lines.join("\n");
}
