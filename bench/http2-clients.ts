/**
 * `node bench/http2-clients.ts [runs]`: HTTP/2 clients alone, without a relay: one body to a few paths on nghttpd, with as many
 * streams in flight as one connection takes. Prints the table of docs/adr/0003-own-http2-client.md: the median of the runs.
 */
import { availableParallelism, loadavg } from 'node:os';
import { type ClientName, runClient } from './clients.ts';
import { h2load } from './h2load.ts';
import { startNghttpd } from './providers.ts';
import { openWorkbench, type Workbench } from './workbench.ts';

const STREAMS = 500;
const BODY = JSON.stringify({ aps: { alert: { title: 'Hello', body: 'x'.repeat(100) }, sound: 'default' } });
const headers = {
  authorization: `bearer ${'j'.repeat(240)}`,
  'apns-topic': 'com.example.app',
  'apns-push-type': 'alert',
  'apns-priority': '10',
};
/** Requests of a run: a second or more for each. */
const work: readonly (readonly [ClientName, requests: number])[] = [
  ['own pool', 400_000],
  ['node:http2', 40_000],
  ['http2-wrapper', 20_000],
  ['undici', 10_000],
];

interface Row {
  readonly perSecond: number;
  readonly cpuUs?: number;
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;

async function limit(bodyPath: string, urls: string): Promise<Row> {
  const { perSecond } = await h2load({ urls, bodyPath, headers, requests: 400_000, connections: 1, streams: STREAMS });
  return { perSecond };
}

async function measure(bench: Workbench, runs: number): Promise<Map<string, Row[]>> {
  const paths = bench.apnsTokens.map((token) => `/3/device/${token}`);
  const bodyPath = bench.write('body', BODY);
  const urls = bench.write('urls', `${paths.map((path) => bench.apns.origin + path).join('\n')}\n`);
  const { caPath } = bench;
  const rows = new Map<string, Row[]>();
  const add = (name: string, row: Row) => rows.set(name, [...(rows.get(name) ?? []), row]);
  for (let run = 0; run < runs; run++) {
    add('h2load (C): the limit', await limit(bodyPath, urls));
    for (const [client, requests] of work) {
      const task = { client, origin: bench.apns.origin, paths, headers, bodyPath, caPath, requests, streams: STREAMS };
      const { succeeded, ...row } = await runClient(task);
      if (succeeded !== requests) throw new Error(`${client}: ${succeeded} of ${requests} requests were answered`);
      add(client, row);
    }
  }
  return rows;
}

function print(rows: ReadonlyMap<string, readonly Row[]>, runs: number): void {
  const rate = (name: string) => median((rows.get(name) ?? []).map(({ perSecond }) => perSecond));
  const [first = ''] = rows.keys();
  console.log(
    `Node ${process.versions.node}, ${availableParallelism()} cores, load ${loadavg()[0]?.toFixed(1)}, median of ${runs}\n`,
  );
  console.log('| client | requests/s | of the limit | client CPU per request |\n|---|---|---|---|');
  for (const [name, samples] of rows) {
    const cpu = median(samples.flatMap(({ cpuUs }) => cpuUs ?? []));
    const share = `${Math.round((100 * rate(name)) / rate(first))} %`;
    console.log(
      `| ${name} | ${Math.round(rate(name)).toLocaleString('en')} | ${share} | ${cpu ? `${cpu.toFixed(1)} µs` : ''} |`,
    );
  }
}

const runs = Number(process.argv[2] ?? 3);
const bench = await openWorkbench();
const provider = await startNghttpd(bench.apns, bench.certificate, bench.docs);
try {
  print(await measure(bench, runs), runs);
} finally {
  await provider.close();
  await bench.close();
}
