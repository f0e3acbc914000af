/** What the hub's scenarios measure beside pushes: requests, and when the hub has written what became of all. */
import { type Sample, SETTLE_MS, sleep } from '../measure.ts';
import type { RelayProcess } from '../relay-process.ts';
import { type HttpLoad, type Load, startHttpLoad } from './http-load.ts';

export type LoadPart = Omit<Load, 'port'>;

export async function withLoad<T>(work: (load: HttpLoad) => Promise<T>): Promise<T> {
  const load = await startHttpLoad();
  try {
    return await work(load);
  } finally {
    load.close();
  }
}

/** Runs one part of a load. @throws when not a single request succeeded */
export async function runPart(load: HttpLoad, relay: Pick<RelayProcess, 'port'>, part: LoadPart) {
  const result = await load.run({ ...part, port: relay.port });
  if (result.succeeded === 0) throw new Error(`no request was taken: ${result.failure}`);
  return result;
}

/** Requests, and the time until their answers. CPU is for each of `count`. */
export async function measureRequests(
  relay: Pick<RelayProcess, 'port' | 'cpuUs' | 'memory'>,
  load: HttpLoad,
  warmUp: LoadPart | undefined,
  part: LoadPart,
): Promise<Sample> {
  if (warmUp) await runPart(load, relay, warmUp);
  await sleep(SETTLE_MS);
  const cpu = relay.cpuUs();
  const { seconds, succeeded, p50, p99 } = await runPart(load, relay, part);
  await sleep(SETTLE_MS);
  return {
    perSecond: succeeded / seconds,
    cpuUs: (relay.cpuUs() - cpu) / part.count,
    ...(p50 === undefined || p99 === undefined ? {} : { p50, p99 }),
    peakMb: relay.memory().peak,
    expected: part.count,
    arrived: succeeded,
  };
}

const LOOK_MS = 25;

/** Waits until nothing of any notification is to come. */
export async function untilQuiet({ origin }: RelayProcess, limitMs: number): Promise<void> {
  const until = performance.now() + limitMs;
  for (const status of ['scheduled', 'pending'])
    for (;;) {
      const answer = await fetch(`${origin}/v1/notifications?status=${status}&limit=1`);
      const { notifications } = (await answer.json()) as { notifications: readonly object[] };
      if (notifications.length === 0) break;
      if (performance.now() > until) throw new Error(`notifications are still ${status}`);
      await sleep(LOOK_MS);
    }
}

/** Sends by the hub. @returns the id, once it is answered with 202 */
export async function send({ origin }: RelayProcess, body: object): Promise<string> {
  const answer = await fetch(`${origin}/v1/notifications`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (answer.status !== 202) throw new Error(`${answer.status}: ${await answer.text()}`);
  return ((await answer.json()) as { id: string }).id;
}
