import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { quietMetrics } from '../observe/metrics/quiet-metrics.ts';
import { awaiting } from '../support/awaiting.ts';
import { needs } from '../support/needs.ts';
import { settlement } from '../support/settlement.ts';
import { startPrometheus } from './running-prometheus.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';

type Exemplars = readonly {
  readonly seriesLabels: Readonly<Record<string, string>>;
  readonly exemplars: readonly { readonly labels: object; readonly value: string }[];
}[];

test('a real Prometheus finds the trace of a push that fell into a bucket', needs('prometheus'), async () => {
  const metrics = quietMetrics();
  metrics.events.settled?.(settlement(['a'], undefined, { traceparent: `00-${TRACE}-00f067aa0ba902b7-01` }));
  await using server = createServer(
    awaiting(async (req, res) => {
      const { type, text } = await metrics.render(req.headers.accept);
      res.writeHead(200, { 'Content-Type': type }).end(text);
    }),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  await using prometheus = await startPrometheus(`127.0.0.1:${(server.address() as AddressInfo).port}`);
  const query = `/api/v1/query_exemplars?query=martlet_push_duration_seconds_bucket&start=0&end=9999999999`;
  let found: Exemplars = [];
  while (found.length === 0) {
    await sleep(100);
    found = (await prometheus.get(query)) as Exemplars;
  }
  expect(found[0]?.seriesLabels).toMatchObject({ app: 'default', provider: 'apns', le: '0.005' });
  expect(found[0]?.exemplars[0]).toMatchObject({ labels: { trace_id: TRACE }, value: '0.003' });
  server.closeAllConnections();
});
