// Writes with one client, reads with the other, in both directions. Ends with 0, or with the first difference.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CompressionType, connect, message, offsetFirst } from "./broker.mjs";

const folder = mkdtempSync(join(tmpdir(), "interop-"));
const suffix = Date.now().toString(36);
const flow = (...args) => execFileSync("dotnet", ["run", "flow.cs", "--", ...args], { stdio: "inherit", cwd: import.meta.dirname });

async function readsOurs(client) {
  const file = join(folder, "ours.json");
  flow("write", `ours-${suffix}`, file);
  const expected = new Map(JSON.parse(readFileSync(file, "utf8")).map((e) => [`${e.partition}/${e.offset}`, e]));
  const seen = new Map();
  await new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`only ${seen.size} of ${expected.size} came`)), 60_000);
    const read = (partition) => client.declareConsumer({ stream: partition, offset: offsetFirst }, (m) => {
      seen.set(`${partition}/${m.offset}`, m);
      if (seen.size === expected.size) {
        clearTimeout(timer);
        resolve();
      }
    });
    client.queryPartitions({ superStream: `ours-${suffix}` }).then(async (partitions) => {
      for (const partition of partitions) await read(partition);
    }).catch(reject);
  });
  for (const [place, e] of expected) {
    const m = seen.get(place);
    assert.ok(m, `nothing at ${place}`);
    const p = m.messageProperties;
    assert.deepEqual(
      [p.messageId, p.subject, p.contentType, p.groupId, new Date(p.creationTime).getTime()],
      [e.id, e.type, e.contentType, e.key, e.committedAt], place);
    assert.deepEqual(m.applicationProperties, e.applicationProperties, place);
    assert.equal(m.content.toString("base64"), e.data, place);
  }
  console.log(`the JavaScript client read ${seen.size} events of ours, every property equal`);
}

async function writesTheirs(client) {
  const superStream = `theirs-${suffix}`;
  flow("declare", superStream);
  const publisher = await client.declareSuperStreamPublisher({ superStream }, (_, m) => m.messageProperties.groupId);
  const expected = [];
  const make = (index) => {
    const m = message(index, index % 7 === 6 ? `clé-${index}-✓` : `customer-${index}`);
    expected.push({ ...m, content: m.content.toString("base64"), messageProperties: { ...m.messageProperties, userId: undefined } });
    return m;
  };
  for (let i = 0; i < 100; i++) {
    const { content, ...rest } = make(i);
    await publisher.send(content, rest);
  }
  await publisher.sendSubEntries(Array.from({ length: 100 }, (_, i) => make(100 + i)), CompressionType.None);
  await publisher.sendSubEntries(Array.from({ length: 100 }, (_, i) => make(200 + i)), CompressionType.Gzip);
  await new Promise((resolve) => setTimeout(resolve, 1000));
  await publisher.close();
  const file = join(folder, "theirs.json");
  writeFileSync(file, JSON.stringify(expected));
  flow("check", superStream, file);
}

const client = await connect();
try {
  await readsOurs(client);
  await writesTheirs(client);
} finally {
  await client.close();
  flow("delete", `ours-${suffix}`, `theirs-${suffix}`);
  rmSync(folder, { recursive: true });
}
