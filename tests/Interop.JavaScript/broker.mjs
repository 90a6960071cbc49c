// Connections to the broker of RABBITMQ_STREAM, and the messages that both programs send.
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const stream = require("rabbitmq-stream-js-client");
export const { CompressionType } = require("rabbitmq-stream-js-client/dist/compression.js");

export const address = new URL(process.env.RABBITMQ_STREAM.replace("rabbitmq-stream:", "http:"));
export const offsetFirst = stream.Offset.first();

export function connect(endpoint = { host: address.hostname, port: Number(address.port) }) {
  return stream.connect({
    hostname: endpoint.host,
    port: endpoint.port,
    username: decodeURIComponent(address.username),
    password: decodeURIComponent(address.password),
    vhost: "/",
    heartbeat: 30,
    addressResolver: { enabled: true, endpoint },
  });
}

// What our log makes of such a message is checked by flow.cs and by JavaScriptChunksTests.
export function message(index, key) {
  return {
    content: Buffer.from(JSON.stringify({ n: index, text: "größe ✓".repeat(index % 40) })),
    messageProperties: {
      messageId: `js-${index}`,
      subject: "js.written.v1",
      contentType: "application/json",
      contentEncoding: "identity",
      correlationId: `correlation-${index}`,
      userId: Buffer.from("someone"),
      to: "there",
      replyTo: "here",
      creationTime: new Date(1_700_000_000_000 + index),
      groupId: key,
      groupSequence: index,
      replyToGroupId: "group",
    },
    applicationProperties: {
      "cloudEvents:specversion": "1.0",
      "cloudEvents:id": `js-${index}`,
      "cloudEvents:type": "js.written.v1",
      "cloudEvents:source": "javascript",
      "cloudEvents:time": new Date(1_600_000_000_000 + index).toISOString(),
      number: index + 1, // it writes 0 as null, which it can't read itself
    },
  };
}
