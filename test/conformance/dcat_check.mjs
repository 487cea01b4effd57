// Reads what a running program says of its catalogue in DCAT with public parsers,
// compares the three writings triple by triple, and validates the graph by SHACL.
//
// usage: node dcat_check.mjs URL KEY
// Ends with the first difference as an AssertionError.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { Readable } from "node:stream";

import jsonld from "jsonld";
import { Parser, Store, Writer } from "n3";
import SHACLValidator from "rdf-validate-shacl";
import { RdfXmlParser } from "rdfxml-streaming-parser";

const [url, key] = process.argv.slice(2);

async function read(address, media, accept) {
  const answer = await fetch(url + address, { headers: accept ? { Accept: accept } : {} });
  assert.equal(answer.status, 200, `${address}: ${answer.status}`);
  assert.equal(answer.headers.get("content-type").split(";")[0], media, address);
  assert.equal(answer.headers.get("access-control-allow-origin"), "*", address);
  return answer.text();
}

const turtle = (text) => new Parser({ format: "text/turtle" }).parse(text);
const nquads = (quads) => new Writer({ format: "N-Triples" }).quadsToString(quads).trim().split("\n").sort();

async function rdfxml(text, base) {
  const quads = [];
  for await (const quad of Readable.from([text]).pipe(new RdfXmlParser({ baseIRI: base }))) quads.push(quad);
  return quads;
}

async function fromJSONLD(text) {
  const refuse = () => { throw new Error("the context is fetched from elsewhere"); };
  return new Parser({ format: "N-Quads" }).parse(await jsonld.toRDF(JSON.parse(text), { format: "application/n-quads", documentLoader: refuse, safe: true }));
}

const shapes = new SHACLValidator(new Store(turtle(readFileSync(new URL("shapes.ttl", import.meta.url), "utf8"))));

async function valid(quads) {
  const report = await shapes.validate(new Store(quads));
  const wrong = [...report.results].map((r) => `${r.focusNode?.value} ${r.path?.value} ${r.sourceConstraintComponent?.value} ${r.value?.value ?? ""}`);
  assert.deepEqual(wrong, []);
}

// same reads one graph in all its writings, and returns it.
async function same(address, query = "") {
  const a = turtle(await read(address + ".ttl" + query, "text/turtle"));
  const b = await fromJSONLD(await read(address + ".jsonld" + query, "application/ld+json"));
  const c = await rdfxml(await read(address + ".rdf" + query, "application/rdf+xml"), url);
  // Pages name themselves by their address, which has the extension in it.
  const plain = (quads) => nquads(quads).map((line) => line.replaceAll(/catalog\.(jsonld|rdf)/g, "catalog.ttl")).sort();
  assert.deepEqual(plain(b), plain(a), `${address}: JSON-LD differs from Turtle`);
  assert.deepEqual(plain(c), plain(a), `${address}: RDF/XML differs from Turtle`);
  for (const quad of a) assert.notEqual(quad.subject.termType, "BlankNode");
  return a;
}

async function action(name, body) {
  const answer = await fetch(`${url}/api/3/action/${name}`, { method: "POST", body: JSON.stringify(body), headers: { "Content-Type": "application/json", Authorization: key } });
  const { success, result, error } = await answer.json();
  assert.ok(success, `${name}: ${JSON.stringify(error)}`);
  return result;
}

const dcat = "http://www.w3.org/ns/dcat#";
const dct = "http://purl.org/dc/terms/";
const values = (quads, subject, predicate) => quads.filter((q) => q.subject.value === subject && q.predicate.value === predicate).map((q) => q.object.value);

// What the packs declare.
let names = await action("package_list", {});
const first = await same("/catalog");
await valid(first);
assert.deepEqual(values(first, `${url}/catalog`, dcat + "dataset").sort(), names.map((n) => `${url}/dataset/${n}`).sort());
console.log(`declared: ${names.length} datasets, ${first.length} triples`);

// What somebody enters who means no good, and a dataset with everything.
const hostile = "\"'<>&\\ </script><script>alert(1)</script> ]]> \u0001\u000b\uFFFE\r\n\ttab  end 🏙 \u202e<!-- {{.}} ${x} @zh ^^xsd:string";
await action("package_create", {
  name: "hostile", title: hostile, notes: hostile, owner_org: "1301-ecology", url: "javascript:alert(1)", license_id: hostile.slice(0, 50), version: hostile.slice(0, 60),
  maintainer_email: "a b<>@\"x", tags: [{ name: "水质" }], extras: [{ key: "spatial", value: hostile }, { key: "temporal_start", value: "2026-02-31" }, { key: "frequency", value: hostile }, { key: "access_rights", value: "<x>" }],
  resources: [{ url: "https://example.org/a b<c>\"{|}^`\\%zz/水?q=1#f", format: hostile.slice(0, 40), name: hostile, description: hostile, mimetype: "<x>", hash: "sha256:zz" }, { url: "not an address", name: "x" }],
});
await action("package_create", {
  name: "whole", title: "河流水质", notes: "每周", owner_org: "1301-ecology", license_id: "cc-by", version: "2", url: "https://example.org/water", maintainer_email: "water@example.org", groups: [{ name: "public-data" }],
  extras: [{ key: "spatial", value: '{"type":"Point","coordinates":[114.5,38.05]}' }, { key: "temporal_start", value: "2026-01-01" }, { key: "temporal_end", value: "2026-03-01T00:00:00Z" }, { key: "frequency", value: "weekly" }],
  resources: [{ url: "https://example.org/water.csv", format: "CSV", mimetype: "text/csv", size: 1234, hash: "sha256:" + "ab".repeat(32) }],
});
await action("package_create", { name: "hidden", title: "未公开", owner_org: "1301-ecology", private: true });
const whole = await same("/dataset/whole");
const id = `${url}/dataset/whole`;
assert.deepEqual(values(whole, id, dct + "accrualPeriodicity"), ["http://publications.europa.eu/resource/authority/frequency/WEEKLY"]);
assert.deepEqual(values(whole, id + "#period", dcat + "startDate"), ["2026-01-01"]);
const file = values(whole, id, dcat + "distribution")[0];
assert.deepEqual(values(whole, file, dcat + "byteSize"), ["1234"]);
assert.deepEqual(values(whole, file + "#checksum", "http://spdx.org/rdf/terms#checksumValue"), ["ab".repeat(32)]);
await valid(whole.concat(first));
const bad = await same("/dataset/hostile");
await valid(bad.concat(first));
const said = hostile.replaceAll(/[\u0001\u000b\uFFFE]/g, "");
assert.equal(values(bad, `${url}/dataset/hostile`, dct + "title")[0].trim(), said.trim());
assert.ok(!bad.some((q) => q.object.value.startsWith("javascript:") && q.object.termType === "NamedNode"));

// Many: pages that lead from one to the next.
for (let i = 0; i < 100; i++) await action("package_create", { name: `many-${i}`, title: `第 ${i} 个`, owner_org: "1301-ecology" });
names = (await action("package_list", {})).filter((n) => n !== "hidden");
const hydra = "http://www.w3.org/ns/hydra/core#";
const seen = [];
for (let page = 1, next = `${url}/catalog.ttl?page=1`; next; page++) {
  assert.equal(next, `${url}/catalog.ttl?page=${page}`);
  const graph = await same("/catalog", `?page=${page}`);
  await valid(graph);
  seen.push(...values(graph, `${url}/catalog`, dcat + "dataset"));
  assert.deepEqual(values(graph, next, hydra + "totalItems"), [String(names.length)]);
  [next] = values(graph, next, hydra + "nextPage");
}
assert.deepEqual(seen.sort(), names.map((n) => `${url}/dataset/${n}`).sort());
assert.equal((await fetch(`${url}/catalog.ttl?page=99`)).status, 404);
for (const name of ["hidden", "nothing"]) for (const end of ["", ".ttl", ".jsonld", ".rdf"]) assert.equal((await fetch(`${url}/dataset/${name}${end}`)).status, 404);
console.log(`entered: ${names.length} datasets in all`);

// What a reader accepts decides.
for (const [accept, media] of [["text/turtle", "text/turtle"], ["application/rdf+xml;q=0.5, application/ld+json", "application/ld+json"], ["application/rdf+xml", "application/rdf+xml"]]) {
  await read("/catalog", media, accept);
  await read("/dataset/division", media, accept);
}
const browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
for (const name of ["division", "hostile", "whole"]) {
  const page = await (await fetch(`${url}/dataset/${name}`, { headers: { Accept: browser } })).text();
  const scripts = [...page.matchAll(/<script([^>]*)>([^]*?)<\/script>/g)];
  assert.deepEqual(scripts.map((s) => s[1]), [' type="application/ld+json"'], "nothing but the markup is a script");
  const markup = JSON.parse(scripts[0][2]);
  assert.equal(markup["@type"], "Dataset");
  assert.ok(markup.name && markup.description && markup.publisher.name && markup["@context"] === "https://schema.org/");
  if (name === "hostile") assert.equal(markup.name.trim().slice(0, 20), hostile.trim().slice(0, 20));
  assert.ok(!page.includes('href="javascript:'), "an address that runs");
}
assert.ok((await (await fetch(`${url}/catalog`, { headers: { Accept: browser } })).text()).includes('href="/dataset/division"'));
assert.ok((await (await fetch(`${url}/public/catalogue`, { headers: { Accept: browser } })).text()).length > 0, "the application's own pages stand");

// A release makes versions. The caller has made two of air-hour.
const air = await same("/dataset/air-hour");
await valid(air.concat(first));
const versions = values(air, `${url}/dataset/air-hour`, dcat + "hasVersion");
assert.deepEqual(versions, [`${url}/dataset/air-hour#v2`, `${url}/dataset/air-hour#v1`]);
assert.deepEqual(values(air, versions[0], dcat + "previousVersion"), [versions[1]]);
for (const version of versions) assert.ok(values(air, version, dcat + "distribution").length > 0, version);
for (const file of values(air, `${url}/dataset/air-hour`, dcat + "distribution")) {
  const [address] = values(air, file, dcat + "downloadURL");
  assert.equal((await fetch(address)).status, 200, address);
}
console.log("negotiation, markup, versions: ok");
