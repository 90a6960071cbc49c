// Records the chunks of messages that the JavaScript client wrote, as the broker delivers them: a proxy between client and broker keeps the Deliver frames.
import net from "node:net";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { address, CompressionType, connect, message, offsetFirst } from "./broker.mjs";

const stream = `record-${Date.now().toString(36)}`;
const delivered = [];
let records = 0;

function keepDeliveries(socket) {
  let rest = Buffer.alloc(0);
  socket.on("data", (part) => {
    rest = Buffer.concat([rest, part]);
    while (rest.length >= 4 && rest.length >= 4 + rest.readUInt32BE(0)) {
      const frame = rest.subarray(0, 4 + rest.readUInt32BE(0));
      if (frame.readUInt16BE(4) === 8) {
        delivered.push(Buffer.from(frame));
        records += frame.readUInt32BE((frame.readUInt16BE(6) === 2 ? 17 : 9) + 4); // the chunk's own count
      }
      rest = rest.subarray(frame.length);
    }
  });
}

const proxy = net.createServer((inner) => {
  const outer = net.connect(Number(address.port), address.hostname);
  keepDeliveries(outer);
  inner.pipe(outer).pipe(inner);
  for (const socket of [inner, outer]) socket.on("error", () => { inner.destroy(); outer.destroy(); });
});
await new Promise((resolve) => proxy.listen(0, "127.0.0.1", resolve));
const client = await connect({ host: "127.0.0.1", port: proxy.address().port });
await client.createStream({ stream });
const publisher = await client.declarePublisher({ stream });
const make = (index) => message(index, `customer-${index}`);
for (let i = 0; i < 20; i++) {
  const { content, ...rest } = make(i);
  await publisher.send(content, rest);
}
await publisher.flush();
await publisher.sendSubEntries(Array.from({ length: 20 }, (_, i) => make(20 + i)), CompressionType.None);
await publisher.sendSubEntries(Array.from({ length: 20 }, (_, i) => make(40 + i)), CompressionType.Gzip);
await client.declareConsumer({ stream, offset: offsetFirst }, () => {});
for (const start = Date.now(); records < 60; await new Promise((resolve) => setTimeout(resolve, 10))) {
  if (Date.now() - start > 30_000) throw new Error(`only ${records} of 60 came`);
}
writeFileSync(join(import.meta.dirname, "../RabbitMQ.Tests/Interop/javascript-chunks.bin"), Buffer.concat(delivered));
console.log(`${delivered.length} chunks recorded`);
await client.deleteStream({ stream });
await client.close();
proxy.close();
process.exit(0);
