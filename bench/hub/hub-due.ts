/** Very much that is due at the same moment, and whether the process still answers meanwhile. */
import { Agent, get } from 'node:http';
import { startPostgres } from '../../test/support/postgres.ts';
import { contest, delaying } from '../contest.ts';
import { percentiles, type Sample, sleep, untilDone } from '../measure.ts';
import type { RelayProcess, System } from '../relay-process.ts';
import type { Contestant, Plan } from '../scenario.ts';
import type { HubSizes } from './hub-sizes.ts';
import { send, untilQuiet } from './measure-hub.ts';
import { contentOf } from './requests.ts';
import { hubOn, hubOnPostgres, importPeople, stockOf } from './stock.ts';

const PAUSE_MS = 10;

/** Asks /healthz again and again. @returns ends it, and says how long each answer took, in milliseconds */
function askHealth({ origin }: RelayProcess): () => Promise<number[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const times: number[] = [];
  let isOver = false;
  const ask = () =>
    new Promise<void>((resolve, reject) => {
      const begun = performance.now();
      get(`${origin}/healthz`, { agent }, (response) => {
        response.resume();
        response.on('end', () => {
          times.push(performance.now() - begun);
          resolve();
        });
      }).on('error', reject);
    });
  const asking = (async () => {
    while (!isOver) {
      await ask();
      await sleep(PAUSE_MS);
    }
    agent.destroy();
  })();
  return async () => {
    isOver = true;
    await asking;
    return times;
  };
}

/** Until everyone was looked at. The list has what was counted, and does not count again. */
async function untilPlanned({ origin }: RelayProcess, until: number): Promise<void> {
  for (;;) {
    const answer = await fetch(`${origin}/v1/notifications?limit=1`);
    const { notifications } = (await answer.json()) as { notifications: { recipients: { undecided?: number } }[] };
    const undecided = notifications[0]?.recipients.undecided;
    if (!undecided) return;
    if (Date.now() > until) throw new Error(`${undecided} people were not looked at before it was due`);
    await sleep(PAUSE_MS * 20);
  }
}

type Run = (relay: RelayProcess) => Promise<Sample>;

const REST_MS = 3000;

async function atRest(relay: RelayProcess): Promise<Sample> {
  const end = askHealth(relay);
  await sleep(REST_MS);
  return { ...percentiles(await end()), peakMb: relay.memory().now };
}

async function allDue(relay: RelayProcess, { due, dueInMs, limitMs }: HubSizes): Promise<Sample> {
  const at = Date.now() + dueInMs;
  await send(relay, { ...contentOf({ everyone: true }), send_at: new Date(at).toISOString() });
  await untilPlanned(relay, at - 1000);
  await sleep(Math.max(0, at - Date.now()));
  const begun = performance.now();
  const cpu = relay.cpuUs();
  const end = askHealth(relay);
  const delivered = await untilDone(relay, 0, due, begun + limitMs);
  const seconds = (performance.now() - begun) / 1000;
  const times = await end();
  await untilQuiet(relay, limitMs);
  return {
    perSecond: delivered / seconds,
    cpuUs: (relay.cpuUs() - cpu) / due,
    ...percentiles(times),
    peakMb: relay.memory().peak,
    expected: due,
    arrived: delivered,
  };
}

/** On an SQLite file with the people in it. */
const onFile = (plan: Plan, system: System, judged: boolean, { due }: HubSizes, run: Run): Contestant => ({
  ...{ name: system.name, kind: 'system', judged },
  async run() {
    const folder = await stockOf(plan.bench, system, due);
    return contest(plan, system, judged, { start: delaying(0), config: hubOn(folder), run }).run();
  },
});

/** On a PostgreSQL of its own, which the people are imported into first. It shares the cores; its CPU is not counted. */
const onPostgres = (plan: Plan, system: System, judged: boolean, { due }: HubSizes, run: Run): Contestant => ({
  ...{ name: system.name, kind: 'system', judged },
  async run() {
    const server = await startPostgres();
    try {
      const config = hubOnPostgres(await server.database());
      const stocked: Run = async (relay) => {
        await importPeople(relay, due);
        return run(relay);
      };
      return await contest(plan, system, judged, { start: delaying(0), config, run: stocked }).run();
    } finally {
      await server.end();
    }
  },
});

export function hubDue(plan: Plan, sizes: HubSizes): Contestant[] {
  const martlet = plan.systems[0] as System;
  const named = (name: string): System => ({ ...martlet, name });
  const run: Run = (relay) => allDue(relay, sizes);
  return [
    onFile(plan, named(`${martlet.name}, at rest`), false, sizes, atRest),
    onFile(plan, named(martlet.name), true, sizes, run),
    onPostgres(plan, named(`${martlet.name}, PostgreSQL`), true, sizes, run),
  ];
}
