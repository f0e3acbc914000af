/** Very much that is due at the same moment, and whether the process still answers meanwhile. */
import { Agent, get } from 'node:http';
import { contest, delaying } from '../contest.ts';
import { percentiles, type Sample, sleep, untilDone } from '../measure.ts';
import type { RelayProcess, System } from '../relay-process.ts';
import type { Contestant, Plan } from '../scenario.ts';
import type { HubSizes } from './hub-sizes.ts';
import { send, untilQuiet } from './measure-hub.ts';
import { contentOf } from './requests.ts';
import { hubOn, stockOf } from './stock.ts';

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

/** Until everyone was looked at. */
async function untilPlanned({ origin }: RelayProcess, id: string, until: number): Promise<void> {
  for (;;) {
    const answer = await fetch(`${origin}/v1/notifications/${id}?limit=1`);
    const { recipients } = (await answer.json()) as { recipients: { undecided?: number; held: number } };
    if (!recipients.undecided) return;
    if (Date.now() > until) throw new Error(`${recipients.undecided} people were not looked at before it was due`);
    await sleep(PAUSE_MS * 10);
  }
}

const REST_MS = 3000;

async function atRest(relay: RelayProcess): Promise<Sample> {
  const end = askHealth(relay);
  await sleep(REST_MS);
  return { ...percentiles(await end()), peakMb: relay.memory().now };
}

async function allDue(relay: RelayProcess, { due, dueInMs, limitMs }: HubSizes): Promise<Sample> {
  const at = Date.now() + dueInMs;
  const id = await send(relay, { ...contentOf({ everyone: true }), send_at: new Date(at).toISOString() });
  await untilPlanned(relay, id, at - 1000);
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

export function hubDue(plan: Plan, sizes: HubSizes): Contestant[] {
  const martlet = plan.systems[0] as System;
  const on = (name: string, judged: boolean, run: (relay: RelayProcess) => Promise<Sample>): Contestant => ({
    ...{ name, kind: 'system', judged },
    async run() {
      const folder = await stockOf(plan.bench, martlet, sizes.due);
      const system = { ...martlet, name };
      return contest(plan, system, judged, { start: delaying(0), config: hubOn(folder), run }).run();
    },
  });
  return [on(`${martlet.name}, at rest`, false, atRest), on(martlet.name, true, (relay) => allDue(relay, sizes))];
}
