/** Those who publish: several at once for the same people, at any instance, each request again under the same ids until it is answered. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { SeededRandom } from '../../simulation/seeded-random.ts';

export interface WritersOrder {
  readonly users: readonly string[];
  /** Events for each of them. */
  readonly each: number;
  readonly random: SeededRandom;
  readonly urls: readonly string[];
  /** Characters that an event of this person carries beside its name. */
  readonly padding: (user: string) => number;
  readonly stopped: AbortSignal;
}

interface NamedEvent {
  readonly id: string;
  readonly type: string;
  readonly payload: { readonly name: string; readonly text: string };
}

const WRITERS = 8;
const MOST_AT_ONCE = 20;
const PAUSE_MS = 100;
/** Not for all of several people; not read in time; too much at once. */
const AGAIN: ReadonlySet<number> = new Set([202, 408, 429]);
/** One in so many requests is one event for several people. */
const TO_MANY = 0.1;

export class ProofWriters {
  readonly #order: WritersOrder;
  /** How many of each person's events are given to a writer. */
  readonly #given = new Map<string, number>();
  #shared = 0;
  /** Events that were answered, of all people. */
  published = 0;
  /** Requests that had no answer, or 503, and were sent again. */
  repeated = 0;
  readonly #names = new Map<string, string[]>();

  constructor(order: WritersOrder) {
    this.#order = order;
    for (const user of order.users) this.#names.set(user, []);
  }

  /** Names of what a person must have. */
  namesOf(user: string): readonly string[] {
    return this.#names.get(user) ?? [];
  }

  async run(): Promise<void> {
    await Promise.all(Array.from({ length: WRITERS }, () => this.#write()));
  }

  async #write(): Promise<void> {
    const { random, stopped } = this.#order;
    for (let user = this.#next(); user !== undefined && !stopped.aborted; user = this.#next())
      if (random.chance(TO_MANY)) await this.#toMany();
      else await this.#toOne(user);
  }

  /** Someone who has not been given all; those who are near each other in time differ. */
  #next(): string | undefined {
    const { users, random } = this.#order;
    const start = random.between(0, users.length - 1);
    const at = (index: number): string => users[(start + index) % users.length] as string;
    return users.map((_, index) => at(index)).find((user) => this.#room(user) > 0);
  }

  #room(user: string): number {
    return this.#order.each - (this.#given.get(user) ?? 0);
  }

  #take(user: string, name: string, padding: number): NamedEvent {
    this.#given.set(user, (this.#given.get(user) ?? 0) + 1);
    this.#names.get(user)?.push(name);
    return { id: name, type: 'proof', payload: { name, text: 'x'.repeat(padding) } };
  }

  async #toOne(user: string): Promise<void> {
    const { random, padding } = this.#order;
    const count = Math.min(this.#room(user), random.between(1, MOST_AT_ONCE));
    const first = this.#given.get(user) ?? 0;
    const events = Array.from({ length: count }, (_, index) =>
      this.#take(user, `${user}-${first + index}`, padding(user)),
    );
    await this.#post(`/v1/users/${user}/events`, events, 201);
    this.published += count;
  }

  async #toMany(): Promise<void> {
    const { users, random } = this.#order;
    const start = random.between(0, users.length - 1);
    const some = users.slice(start, start + MOST_AT_ONCE).filter((user) => this.#room(user) > 0);
    if (some.length === 0) return;
    const name = `all-${this.#shared++}`;
    const [event] = some.map((user) => this.#take(user, name, 0)) as [NamedEvent];
    await this.#post('/v1/events', { ...event, users: some }, 202);
    this.published += some.length;
  }

  async #post(path: string, body: object, status: number): Promise<void> {
    const { random, urls, stopped } = this.#order;
    const text = JSON.stringify(body);
    while (!stopped.aborted) {
      const headers = { 'content-type': 'application/json' };
      const told = await fetch(random.pick(urls) + path, { method: 'POST', headers, body: text, signal: stopped }).then(
        async (answer) => ({ status: answer.status, text: await answer.text() }),
        () => ({ status: 503, text: '' }),
      );
      if (told.status === status && !(status === 202 && !told.text.includes('"failed":[]'))) return;
      if (told.status < 500 && !AGAIN.has(told.status)) throw new Error(`${told.status}: ${told.text}`);
      this.repeated++;
      await sleep(random.between(1, PAUSE_MS));
    }
  }
}
