import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import protobuf from 'protobufjs';
import { expect, onTestFinished, test } from 'vitest';
import { openMeter } from '../../../src/observe/tracing/open-meter.ts';
import { signalUrl } from '../../../src/observe/tracing/receiver.ts';
import { startSeedRelay } from '../../api/hub/seed-relay.ts';
import { openSse } from '../../api/hub/streams/sse-client.ts';
import { awaiting } from '../../support/awaiting.ts';
import { eventually } from '../../support/eventually.ts';

/** What is read of opentelemetry/proto/collector/metrics/v1/metrics_service.proto, field for field. */
const PROTO = `
  syntax = "proto3";
  message Request { repeated ResourceMetrics resource_metrics = 1; }
  message ResourceMetrics { Resource resource = 1; repeated ScopeMetrics scope_metrics = 2; }
  message Resource { repeated KeyValue attributes = 1; }
  message KeyValue { string key = 1; AnyValue value = 2; }
  message AnyValue { string string_value = 1; }
  message ScopeMetrics { repeated Metric metrics = 2; }
  message Metric { string name = 1; string unit = 3; Gauge gauge = 5; }
  message Gauge { repeated NumberDataPoint data_points = 1; }
  message NumberDataPoint { double as_double = 4; sfixed64 as_int = 6; }
`;

interface Received {
  readonly service: string;
  readonly name: string;
  readonly unit: string;
  readonly value: number;
}

async function startReceiver() {
  const type = protobuf.parse(PROTO).root.lookupType('Request');
  const metrics: Received[] = [];
  const headers: IncomingHttpHeaders[] = [];
  const state = { status: 200 };
  const server = createServer(
    awaiting(async (req, res) => {
      const body = await buffer(req);
      const isTaken = req.url === '/v1/metrics' && state.status === 200;
      if (isTaken) {
        headers.push(req.headers);
        // biome-ignore lint/suspicious/noExplicitAny: as it is on the wire
        const { resourceMetrics } = type.toObject(type.decode(body), { longs: Number, arrays: true }) as any;
        for (const { resource, scopeMetrics } of resourceMetrics)
          for (const { name, unit, gauge } of scopeMetrics[0].metrics) {
            const [{ asInt, asDouble }] = gauge.dataPoints;
            const service = resource.attributes.find(({ key }: { key: string }) => key === 'service.name');
            metrics.push({ service: service.value.stringValue, name, unit, value: asInt ?? asDouble ?? 0 });
          }
      }
      res.writeHead(isTaken ? 200 : 400).end();
    }),
  );
  await once(server.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, metrics, headers, state };
}

test('the streams that are open leave again and again, and a last time at the end', async () => {
  const { endpoint, metrics, headers } = await startReceiver();
  let streams = 3;
  const meter = openMeter({
    ...{ endpoint, headers: ['x-tenant: acme'], serviceName: 'shop', version: '1.2.3', intervalMs: 20 },
    readings: { streams: () => streams },
    warn: () => {},
  });
  const one = { service: 'shop', name: 'mailbox.notify.streams.active', unit: '{stream}' };
  await eventually(() => expect(metrics.at(-1)).toEqual({ ...one, value: 3 }));
  streams = 5;
  await eventually(() => expect(metrics.at(-1)).toEqual({ ...one, value: 5 }));
  streams = 0;
  await meter.close();
  expect(metrics.at(-1)).toEqual({ ...one, value: 0 });
  expect(headers[0]).toMatchObject({ 'x-tenant': 'acme', 'content-type': 'application/x-protobuf' });
});

test('a receiver that does not take them is said once, and when it takes them again', async () => {
  const { endpoint, state } = await startReceiver();
  state.status = 400;
  const said: string[] = [];
  const meter = openMeter({
    ...{ endpoint, headers: [], serviceName: 'shop', version: '1.2.3', intervalMs: 20 },
    readings: { streams: () => 0 },
    warn: (message) => said.push(message),
  });
  await eventually(() => expect(said).toEqual(['metrics are lost: the receiver does not take them']));
  state.status = 200;
  await eventually(() => expect(said.at(-1)).toBe('metrics are taken again'));
  await meter.close();
});

test('a relay with a hub sends them where tracing.metrics says so', async () => {
  const { endpoint, metrics } = await startReceiver();
  const relay = await startSeedRelay({ tracing: { endpoint, metrics: true } });
  await openSse(`${relay.url}/v1/users/ada/stream`, { authorization: 'Bearer boss' });
  expect(relay.hub?.openStreams()).toBe(1);
  await relay[Symbol.asyncDispose]();
  // All are gone then.
  expect(metrics.map(({ name, value }) => [name, value])).toEqual([['mailbox.notify.streams.active', 0]]);
});

test.each([
  ['http://host:4318', 'http://host:4318/v1/metrics'],
  ['http://host:4318/', 'http://host:4318/v1/metrics'],
  ['http://host:4318/otlp/v1/traces', 'http://host:4318/otlp/v1/metrics'],
  ['http://host/v1/metrics', 'http://host/v1/metrics'],
])('%s takes them at %s', (endpoint, url) => {
  expect(signalUrl(endpoint, 'metrics')).toBe(url);
});
