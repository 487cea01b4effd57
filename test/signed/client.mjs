// Signs requests with the public library http-message-signatures and Node's own crypto, and says what came back:
// node client.mjs PRIVATE-KEY-FILE CLIENT-ID METHOD URL [BODY]
import { createHash, createPrivateKey } from "node:crypto";
import { readFileSync } from "node:fs";
import httpSignatures from "http-message-signatures";

const { createSigner, httpbis } = httpSignatures;
const [file, id, method, url, body] = process.argv.slice(2);

const headers = { host: new URL(url).host };
const fields = ["@method", "@authority", "@path", "@query", "host"];
if (body !== undefined) {
  headers["content-type"] = "application/json";
  headers["content-digest"] = `sha-512=:${createHash("sha512").update(body).digest("base64")}:`;
  fields.push("content-digest", "content-type");
}
const signed = await httpbis.signMessage(
  {
    key: createSigner(createPrivateKey(readFileSync(file)), "ed25519", id),
    fields,
    params: ["created", "expires", "keyid", "alg", "nonce", "tag"],
    paramValues: { created: new Date(), expires: new Date(Date.now() + 60_000), nonce: crypto.randomUUID(), tag: "a system" },
  },
  { method, url, headers },
);
const response = await fetch(url, { method, headers: signed.headers, body });
console.log(response.status, await response.text());
