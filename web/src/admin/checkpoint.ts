// The log's checkpoint as c2sp.org/tlog-checkpoint and c2sp.org/signed-note describe it, read and judged in this browser.

export interface Checkpoint {
  origin: string;
  size: number;
  /** Base64 of the root hash. */
  root: string;
  /** What is signed: everything up to and including the newline before the empty line. */
  signed: string;
  signatures: { name: string; hash: string; signature: Uint8Array<ArrayBuffer> }[];
}

/** Parses a signed checkpoint; undefined when it is none. */
export function parseCheckpoint(note: string): Checkpoint | undefined {
  const split = note.indexOf("\n\n");
  if (split < 0) return undefined;
  const signed = note.slice(0, split + 1);
  const [origin, size, root] = signed.split("\n");
  if (!origin || !/^\d+$/.test(size ?? "") || !root) return undefined;
  const signatures = note
    .slice(split + 2)
    .split("\n")
    .flatMap((line) => {
      const match = /^— (\S+) (\S+)$/.exec(line);
      const bytes = match?.[2] === undefined ? undefined : fromBase64(match[2]);
      return match?.[1] && bytes && bytes.length > 4 ? [{ name: match[1], hash: hex(bytes.slice(0, 4)), signature: bytes.slice(4) }] : [];
    });
  return { origin, size: Number(size), root, signed, signatures };
}

export interface VerifierKey {
  name: string;
  hash: string;
  /** 1 is Ed25519; others are not for browsers. */
  algorithm: number;
  key: Uint8Array<ArrayBuffer>;
}

/** Reads `name+hash+base64(algorithm, key)`; undefined when it is no such key. */
export function parseVerifierKey(text: string): VerifierKey | undefined {
  const match = /^([^+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$/.exec(text.trim());
  const bytes = match?.[3] === undefined ? undefined : fromBase64(match[3]);
  if (!match?.[1] || !match[2] || !bytes || bytes.length < 2) return undefined;
  return { name: match[1], hash: match[2], algorithm: bytes[0] ?? 0, key: bytes.slice(1) };
}

export type Signed = "yes" | "no" | "unsupported";

const ed25519 = 1;

/** Whether one of the keys has signed the checkpoint. */
export async function verify(checkpoint: Checkpoint, keys: VerifierKey[]): Promise<Signed> {
  const text = new TextEncoder().encode(checkpoint.signed);
  for (const { name, hash, algorithm, key } of keys) {
    const signature = checkpoint.signatures.find((one) => one.name === name && one.hash === hash);
    if (algorithm !== ed25519 || !signature) continue;
    try {
      const imported = await crypto.subtle.importKey("raw", key, { name: "Ed25519" }, false, ["verify"]);
      if (await crypto.subtle.verify({ name: "Ed25519" }, imported, signature.signature, text)) return "yes";
    } catch {
      return "unsupported";
    }
  }
  return "no";
}

/** What this browser saw last of a log. */
export interface Seen {
  size: number;
  root: string;
}

export type Growth = "first" | "grown" | "same" | "shrunk" | "rewritten";

/** Compares with the last look: a log may only grow, and at one size there is one root. */
export function growth(seen: Seen | undefined, { size, root }: Seen): Growth {
  if (!seen) return "first";
  if (size < seen.size) return "shrunk";
  if (size > seen.size) return "grown";
  return root === seen.root ? "same" : "rewritten";
}

function fromBase64(text: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    return Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
  } catch {
    return undefined;
  }
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
