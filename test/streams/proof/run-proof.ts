/** Many events to many readers, while instances are killed and stopped; and what came of it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { SeededRandom } from '../../simulation/seeded-random.ts';
import { ClientReader, noVisits, ProofReader, type ReaderOrder, type VisitCounts } from './proof-reader.ts';
import { ProofWriters } from './proof-writers.ts';

export interface ProofSize {
  readonly events: number;
  readonly readers: number;
}

export interface Fault {
  /** Once this part of the events is published. */
  readonly at: number;
  /** @param step what is done now */
  run(step: (what: string) => void): Promise<void>;
}

export interface ProofOrder extends ProofSize {
  readonly seed: number;
  readonly urls: readonly string[];
  readonly faults: readonly Fault[];
}

export interface ProofResult {
  readonly broken: readonly string[];
  readonly people: number;
  readonly published: number;
  readonly repeated: number;
  readonly delivered: number;
  readonly visits: VisitCounts;
  readonly seconds: number;
}

const READERS_A_PERSON = 4;
/** One reader of each person is the published client. */
const CLIENT = 0;
/** One person in so many has large events. */
const FAT = 50;
const FAT_BYTES = 12_000_000;
const MOST_PADDING = 24_000;
/** How long nothing at all may happen. However slow a machine is, something does. */
const PATIENCE_MS = 180_000;
const LOOK_MS = 50;
const MOST_TOLD = 20;

export async function runProof({ events, readers, seed, urls, faults }: ProofOrder): Promise<ProofResult> {
  const begun = performance.now();
  const random = new SeededRandom(seed);
  const users = Array.from({ length: Math.ceil(readers / READERS_A_PERSON) }, (_, index) => `p${index}`);
  const each = Math.ceil(events / users.length);
  const stop = new AbortController();
  const visits = noVisits();
  let taken = 0;
  const isFat = (user: string): boolean => Number(user.slice(1)) % FAT === 1;
  const writers = new ProofWriters({
    ...{ users, each, urls, random: new SeededRandom(random.between(1, 2 ** 31)), stopped: stop.signal },
    padding: (user) => (isFat(user) ? Math.min(MOST_PADDING, Math.floor(FAT_BYTES / each)) : 10 * (user.length % 9)),
  });
  const all = Array.from({ length: readers }, (_, index) => {
    const user = users[index % users.length] as string;
    const order: ReaderOrder = {
      ...{ user, total: each, urls, isFat: isFat(user), stopped: stop.signal },
      random: new SeededRandom(random.between(1, 2 ** 31)),
      taken: () => void taken++,
    };
    const isClient = Math.floor(index / users.length) === CLIENT;
    return isClient ? new ClientReader(order, visits) : new ProofReader(order, visits);
  });
  let done = 0;
  let step = '';
  const progress = (): string =>
    `${writers.published} published, ${taken} taken, ${done} of ${readers} readers done, last step: ${step}`;
  const work = Promise.all([
    writers.run(),
    ...all.map(async (reader) => {
      await reader.run();
      done++;
    }),
    breakThings(
      faults,
      () => (stop.signal.aborted ? 1 : writers.published / (users.length * each)),
      (what) => {
        step = what;
      },
    ),
  ]);
  const hung = await givesUp(work, progress, stop);
  const broken = [...hung, ...all.flatMap(({ log }) => log.broken)];
  for (const user of users) {
    const logs = all.filter(({ log }) => log.user === user).map(({ log }) => log);
    for (const { names } of logs) {
      const missing = writers.namesOf(user).filter((name) => !names.has(name));
      if (missing.length > 0) broken.push(`${user}: ${missing.length} are missing, the first is ${missing[0]}`);
    }
    if (new Set(logs.map(({ text }) => text)).size > 1) broken.push(`${user}: readers differ in ids or order`);
  }
  return {
    ...{ broken: broken.slice(0, MOST_TOLD), people: users.length, visits },
    ...{ published: writers.published, repeated: writers.repeated, delivered: taken },
    seconds: (performance.now() - begun) / 1000,
  };
}

async function breakThings(
  faults: readonly Fault[],
  published: () => number,
  step: (what: string) => void,
): Promise<void> {
  for (const { at, run } of faults) {
    while (published() < at) await sleep(LOOK_MS);
    await run((what) => step(`${at}: ${what}`));
  }
}

/** Waits for the work as long as it goes on. @returns what is to be said when it does not */
async function givesUp(work: Promise<unknown>, progress: () => string, stop: AbortController): Promise<string[]> {
  let isOver = false;
  const watched = work
    .catch((error: unknown) => {
      stop.abort();
      throw error;
    })
    .finally(() => {
      isOver = true;
    });
  const watch = async (): Promise<string[]> => {
    let [last, changedAt] = ['', performance.now()];
    while (!isOver) {
      if (progress() !== last) [last, changedAt] = [progress(), performance.now()];
      else if (performance.now() - changedAt > PATIENCE_MS) {
        stop.abort();
        return [`nothing went on any more: ${last}`];
      }
      await sleep(LOOK_MS);
    }
    return [];
  };
  const [told] = await Promise.all([watch(), watched]);
  return told;
}

const count = (value: number): string => value.toLocaleString('en');

/** What is printed of a run. */
export function proofLine(name: string, result: ProofResult): string {
  const { people, published, repeated, delivered, visits, seconds, broken } = result;
  const { leave, kill, stall, stay, refused, lost, poll, forgotten } = visits;
  return [
    `${name}: ${count(published)} events of ${count(people)} people, ${count(delivered)} taken in ${seconds.toFixed(0)} s`,
    `connections left ${count(leave)}, killed ${count(kill)} (${count(forgotten)} events forgotten), stalled ${count(stall)}, ended by the server ${count(lost + stay)}, refused ${count(refused)}, polls ${count(poll)}`,
    `requests repeated ${count(repeated)}; broken promises ${broken.length}`,
  ].join('; ');
}
