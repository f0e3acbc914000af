import type { SimulatedProvider } from '../../../src/carrier/provider-row.ts';
import type { Exchange } from '../../../src/sandbox/exchange.ts';
import { openSecureServer } from '../../../src/sandbox/secure-server.ts';
import type { Simulation } from '../../../src/sandbox/simulation.ts';

const KEY = 'the-key-of-the-sandbox';

const words: Readonly<Record<string, readonly [status: number, word: string]>> = {
  unregistered: [404, 'NO_SUCH_PAGER'],
  'bad-credential': [403, 'WRONG_KEY'],
  busy: [429, 'FLAT'],
  down: [503, 'FLAT'],
};

/** The network of pagers. */
export async function simulatePager(simulation: Simulation): Promise<SimulatedProvider> {
  const { leaf, steering, deliveries, now } = simulation;
  let buzzed = 0;
  const say = (exchange: Exchange, status: number, body: object) =>
    exchange.respond(status, status === 429 ? { 'retry-after': 1 } : {}, JSON.stringify(body));
  const server = await openSecureServer({ leaf, http1: true }, (exchange) => {
    if (exchange.headers['x-key'] !== KEY) return say(exchange, 403, { word: 'WRONG_KEY' });
    const { number } = JSON.parse(exchange.body.toString()) as { number: string };
    steering.apply(exchange, number, (verdict) => {
      const [status, word] = words[verdict] ?? [];
      if (status !== undefined) return say(exchange, status, { word });
      const id = `buzz-${++buzzed}`;
      const { headers, body: payload } = exchange;
      const what = { platform: 'pager', environment: 'production', kind: 'token', target: number } as const;
      deliveries.record({ at: now(), ...what, id, headers, payload });
      say(exchange, 200, { id });
    });
  });
  return { settings: { endpoint: server.origin, key: KEY }, close: () => server.close() };
}
