// Records what the JavaScript exporters send: javascript-traces.bin (gzip), javascript-metrics.bin and javascript-logs.bin, in the folder of this file.
import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { context, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import { SeverityNumber } from "@opentelemetry/api-logs";
import { OTLPLogExporter } from "@opentelemetry/exporter-logs-otlp-proto";
import { OTLPMetricExporter } from "@opentelemetry/exporter-metrics-otlp-proto";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { BatchLogRecordProcessor, LoggerProvider } from "@opentelemetry/sdk-logs";
import { AggregationType, MeterProvider, PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
import { BatchSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";

const server = createServer((request, response) => {
  const parts = [];
  request.on("data", (part) => parts.push(part));
  request.on("end", () => {
    const file = new URL(`javascript-${request.url.split("/").pop()}.bin`, import.meta.url);
    writeFileSync(file, Buffer.concat(parts));
    console.log(file.pathname.split("/").pop(), request.headers["content-type"], request.headers["content-encoding"] ?? "identity");
    response.writeHead(200, { "content-type": "application/x-protobuf" }).end();
  });
});
await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
const url = (signal) => `http://127.0.0.1:${server.address().port}/v1/${signal}`;
const resource = resourceFromAttributes({ "service.name": "js-shop", "service.instance.id": "one", "host.cpus": 2 });

const tracers = new TracerProvider({ resource, spanProcessors: [new BatchSpanProcessor({ exporter: new OTLPTraceExporter({ url: url("traces"), compression: "gzip" }) })] });
const logs = new LoggerProvider({ resource, processors: [new BatchLogRecordProcessor({ exporter: new OTLPLogExporter({ url: url("logs") }) })] });
const meters = new MeterProvider({
  resource,
  views: [{ instrumentName: "shop.exponential", aggregation: { type: AggregationType.EXPONENTIAL_HISTOGRAM } }],
  readers: [new PeriodicExportingMetricReader({ exporter: new OTLPMetricExporter({ url: url("metrics") }), exportIntervalMillis: 3_600_000 })],
});

const tracer = tracers.getTracer("shop", "1.2.3");
const root = tracer.startSpan("GET /größe ✓", { kind: SpanKind.SERVER, attributes: { "http.request.method": "GET", tags: ["a", "b"], "http.response.status_code": 500, ok: false, ratio: 0.5 } });
const inside = trace.setSpan(context.active(), root);
const child = tracer.startSpan("SELECT", { kind: SpanKind.CLIENT, links: [{ context: root.spanContext(), attributes: { why: "test" } }] }, inside);
child.addEvent("row", { index: 1 });
child.recordException(new Error("broken"));
child.setStatus({ code: SpanStatusCode.ERROR, message: "broken" });
child.end();
root.end();
logs.getLogger("shop").emit({ severityNumber: SeverityNumber.WARN, severityText: "WARN", body: { order: 7, lines: [1, 2] }, attributes: { "log.source": "js" }, context: inside });
logs.getLogger("shop").emit({ severityNumber: SeverityNumber.INFO, severityText: "INFO", body: "plain text" });

const meter = meters.getMeter("shop", "1.2.3");
meter.createCounter("shop.orders", { unit: "{order}", description: "Orders" }).add(3, { country: "DE" });
meter.createUpDownCounter("shop.carts").add(-2);
meter.createObservableGauge("shop.temperature").addCallback((result) => result.observe(21.5));
const explicit = meter.createHistogram("shop.duration", { unit: "s", advice: { explicitBucketBoundaries: [0.1, 1, 10] } });
const exponential = meter.createHistogram("shop.exponential", { unit: "ms" });
for (let i = 1; i <= 100; i++) {
  explicit.record(i / 20, { route: "/orders" });
  exponential.record(i * i);
}

await Promise.all([tracers.shutdown(), logs.shutdown(), meters.shutdown()]);
server.close();
