/** Devices that come in: one by one, and as an import. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import process from 'node:process';
import { noProvider } from '../contest.ts';
import type { Sample } from '../measure.ts';
import { type RelayProcess, type System, startRelay } from '../relay-process.ts';
import type { Contestant, Plan } from '../scenario.ts';
import { bareInserts } from './bare-inserts.ts';
import type { HubSizes } from './hub-sizes.ts';
import { type LoadPart, measureRequests, withLoad } from './measure-hub.ts';
import { emptyFolder, hubOn } from './stock.ts';

const CONNECTIONS = 64;

function emptyHub({ bench, systems }: Plan, run: (relay: RelayProcess) => Promise<Sample>): Contestant {
  const martlet = systems[0] as System;
  return {
    name: martlet.name,
    kind: 'system',
    judged: true,
    async run() {
      const provider = await noProvider(bench);
      const relay = await startRelay(bench, martlet, hubOn(emptyFolder(bench)));
      try {
        return await run(relay);
      } finally {
        await relay.close();
        await provider.close();
      }
    },
  };
}

/** What an HTTP server of Node makes that reads the same bodies, parses them and answers as much. */
const parsingServer = (part: LoadPart): Contestant => ({
  name: 'node:http, JSON.parse (limit)',
  kind: 'limit',
  judged: false,
  async run() {
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk) => chunks.push(chunk));
      request.on('end', () => {
        const body = JSON.stringify({ created: true, ...JSON.parse(Buffer.concat(chunks).toString()) });
        response.setHeader('content-length', Buffer.byteLength(body)).end(body);
      });
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as AddressInfo;
    const cpuUs = (): number => {
      const { user, system } = process.cpuUsage();
      return user + system;
    };
    try {
      const { peakMb: _, ...sample } = await withLoad((load) =>
        measureRequests({ port, cpuUs, memory: () => ({ peak: 0, now: 0 }) }, load, undefined, part),
      );
      return sample;
    } finally {
      server.close();
    }
  },
});

export function hubDevices(plan: Plan, { registered }: HubSizes): Contestant[] {
  const part: LoadPart = { name: 'register', connections: CONNECTIONS, from: 1_000_000, count: registered };
  const warmUp = { ...part, from: 0, count: Math.ceil(registered / 5) };
  return [
    parsingServer(part),
    emptyHub(plan, (relay) => withLoad((load) => measureRequests(relay, load, warmUp, part))),
  ];
}

export function hubImport(plan: Plan, { imported }: HubSizes): Contestant[] {
  const part: LoadPart = { name: 'import', connections: 1, from: 1_000_000, count: imported };
  const warmUp = { ...part, from: 0, count: Math.ceil(imported / 5) };
  return [
    bareInserts(plan, imported),
    emptyHub(plan, (relay) => withLoad((load) => measureRequests(relay, load, warmUp, part))),
  ];
}
