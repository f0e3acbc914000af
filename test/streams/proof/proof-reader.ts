/** A reader that comes back until it has everything: at random instances, by random ways, and never the same way for long. */
import { setTimeout as sleep } from 'node:timers/promises';
import { createPersonClient } from '../../../src/client/person/create-person-client.ts';
import type { SeededRandom } from '../../simulation/seeded-random.ts';
import { ReaderLog } from './reader-log.ts';
import { SseVisit, type VisitEnd, type VisitPlan } from './sse-visit.ts';

export interface ReaderOrder {
  readonly user: string;
  /** Events that there will be. */
  readonly total: number;
  readonly random: SeededRandom;
  /** Where the instances are. */
  readonly urls: readonly string[];
  /** Events are large: one that stalls is given up by the server. */
  readonly isFat: boolean;
  /** An event has come. */
  readonly taken: () => void;
  readonly stopped: AbortSignal;
}

/** What connections came to, over all readers. */
export type VisitCounts = Record<VisitEnd | 'poll' | 'forgotten', number>;

export const noVisits = (): VisitCounts => ({
  ...{ leave: 0, kill: 0, stall: 0, stay: 0, refused: 0, lost: 0, poll: 0, forgotten: 0 },
});

/** An instance that is away is not asked in a loop. */
const PAUSE_MS = 200;
const MOST_STALL_MS = 2000;
/** Longer than the server waits for someone who takes nothing. */
const FAT_STALL_MS = 13_000;

export class ProofReader {
  readonly log: ReaderLog;
  readonly #order: ReaderOrder;
  readonly #counts: VisitCounts;
  #visit: SseVisit | undefined;

  constructor(order: ReaderOrder, counts: VisitCounts) {
    this.#order = order;
    this.#counts = counts;
    this.log = new ReaderLog(order.user, () => {
      order.taken();
      if (this.isDone) this.#visit?.stop();
    });
    order.stopped.addEventListener('abort', () => this.#visit?.stop(), { once: true });
  }

  get isDone(): boolean {
    return this.log.count >= this.#order.total;
  }

  async run(): Promise<void> {
    const { stopped, random } = this.#order;
    while (!this.isDone && !stopped.aborted)
      if (random.chance(0.2)) await this.#poll(random.between(1, 5));
      else await this.#listen();
    // What comes after all have come would be one too many.
    if (!stopped.aborted) await this.#poll(0);
  }

  async #listen(): Promise<void> {
    const { random } = this.#order;
    const before = this.log.count;
    this.#visit = new SseVisit(this.#plan(), this.log);
    const end = await this.#visit.run();
    this.#visit = undefined;
    this.#counts[end]++;
    if (end === 'kill' && !this.isDone) {
      const kept = random.between(before, this.log.count);
      this.#counts.forgotten += this.log.count - kept;
      this.log.forget(kept);
    }
    if (end === 'refused' || end === 'lost') await sleep(random.between(1, PAUSE_MS));
  }

  #plan(): VisitPlan {
    const { user, random, urls, isFat } = this.#order;
    const end = random.pick(['leave', 'leave', 'kill', 'kill', 'stall', 'stay'] as const);
    return {
      ...{ url: `${random.pick(urls)}/v1/users/${user}/stream`, isByHeader: random.chance(0.5) },
      ...{ events: random.between(1, 120), end },
      stallMs: isFat ? FAT_STALL_MS : random.between(1, MOST_STALL_MS),
    };
  }

  /** @param seconds that one poll waits, 0: the last one, which must bring nothing */
  async #poll(seconds: number): Promise<void> {
    const { user, random, urls, stopped } = this.#order;
    const limit = random.between(1, 300);
    const after = this.log.last || 'earliest';
    const url = `${random.pick(urls)}/v1/users/${user}/stream/events?after=${after}&wait=${seconds}&limit=${limit}`;
    try {
      const answer = await fetch(url, { signal: stopped });
      if (!answer.ok) throw new Error(`${answer.status}`);
      const { events, reset } = (await answer.json()) as {
        events: { id: string; payload: { name: string } }[];
        reset?: object;
      };
      this.#counts.poll++;
      if (reset) this.log.reset(reset);
      for (const { id, payload } of events) this.log.take(id, payload.name);
    } catch {
      this.#counts.lost++;
      await sleep(random.between(1, PAUSE_MS));
    }
  }
}

/** A reader by `martlet/client/person`, whose connections are cut, and lead to one instance after another. */
export class ClientReader {
  readonly log: ReaderLog;
  readonly #order: ReaderOrder;
  readonly #counts: VisitCounts;
  readonly #done = Promise.withResolvers<void>();
  #cut: (() => void) | undefined;
  #left = 0;

  constructor(order: ReaderOrder, counts: VisitCounts) {
    this.#order = order;
    this.#counts = counts;
    this.log = new ReaderLog(order.user, () => {
      order.taken();
      if (this.isDone) this.#done.resolve();
      if (--this.#left <= 0) this.#cut?.();
    });
    order.stopped.addEventListener('abort', () => this.#done.resolve(), { once: true });
  }

  get isDone(): boolean {
    return this.log.count >= this.#order.total;
  }

  async run(): Promise<void> {
    const { user, random } = this.#order;
    const me = createPersonClient({
      ...{ url: 'http://any.example', user, token: () => undefined, tabs: null },
      fetch: (url, init) => this.#fetch(String(url), init),
      // As patient as it is, and sooner.
      sleep: (ms) => sleep(ms / 20),
      random: random.next,
    });
    const stream = me.stream({
      after: 'earliest',
      onEvent: ({ id, payload }) => this.log.take(id, (payload as { name: string }).name),
      onGap: (gap) => this.log.reset(gap),
    });
    await this.#done.promise;
    await stream.close();
  }

  async #fetch(url: string, init: RequestInit = {}): Promise<Response> {
    const { random, urls } = this.#order;
    const cut = new AbortController();
    this.#left = random.between(1, 200);
    this.#cut = () => {
      this.#counts.leave++;
      this.#cut = undefined;
      cut.abort();
    };
    const { pathname, search } = new URL(url);
    return fetch(random.pick(urls) + pathname + search, {
      ...init,
      signal: AbortSignal.any([cut.signal, init.signal as AbortSignal]),
    });
  }
}
