import { describe, expect, it } from "vitest";
import { growth, parseCheckpoint, parseVerifierKey, verify } from "./checkpoint";

const root = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=";
const text = `example.org/log\n12345\n${root}\n`;

const base64 = (bytes: Uint8Array) => btoa(String.fromCharCode(...bytes));

/** A log that signs its checkpoint as c2sp.org/signed-note says, made afresh for the test. */
async function signedLog() {
  const pair = await crypto.subtle.generateKey({ name: "Ed25519" }, true, ["sign", "verify"]);
  const key = new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey));
  const signature = new Uint8Array(await crypto.subtle.sign({ name: "Ed25519" }, pair.privateKey, new TextEncoder().encode(text)));
  const hash = new Uint8Array([0xde, 0xad, 0xbe, 0xef]);
  return {
    note: `${text}\n— example.org/log ${base64(new Uint8Array([...hash, ...signature]))}\n`,
    vkey: `example.org/log+deadbeef+${base64(new Uint8Array([1, ...key]))}`,
  };
}

async function judge(note: string, vkey: string) {
  const checkpoint = parseCheckpoint(note);
  const key = parseVerifierKey(vkey);
  return checkpoint && key ? verify(checkpoint, [key]) : "unread";
}

describe("a checkpoint", () => {
  it("is read", async () => {
    const { note } = await signedLog();
    expect(parseCheckpoint(note)).toMatchObject({
      origin: "example.org/log",
      size: 12345,
      root,
      signed: text,
      signatures: [{ name: "example.org/log", hash: "deadbeef" }],
    });
  });

  it.each(["", "no empty line", "origin\nsize\nroot\n\n— a b", "\n\n"])("is not read from %j", (note) =>
    expect(parseCheckpoint(note)).toBeUndefined(),
  );

  it("is signed by its own key", async () => {
    const { note, vkey } = await signedLog();
    expect(await judge(note, vkey)).toBe("yes");
  });

  it("is not signed once its size was changed", async () => {
    const { note, vkey } = await signedLog();
    expect(await judge(note.replace("12345", "12346"), vkey)).toBe("no");
  });

  it("is not signed by another key of the same name", async () => {
    const [{ note }, { vkey }] = [await signedLog(), await signedLog()];
    expect(await judge(note, vkey)).toBe("no");
  });

  it("does not take a key of another algorithm for Ed25519", async () => {
    const { note, vkey } = await signedLog();
    const start = "example.org/log+deadbeef+";
    const bytes = Uint8Array.from(atob(vkey.slice(start.length)), (char) => char.charCodeAt(0));
    bytes[0] = 2;
    expect(await judge(note, start + base64(bytes))).toBe("no");
  });
});

describe("a log may only grow", () => {
  const seen = { size: 10, root: "a" };
  it.each([
    [undefined, 10, "a", "first"],
    [seen, 11, "b", "grown"],
    [seen, 10, "a", "same"],
    [seen, 10, "b", "rewritten"],
    [seen, 9, "a", "shrunk"],
  ])("from %j to %i %s: %s", (before, size, now, want) => expect(growth(before, { size, root: now })).toBe(want));
});
