import type { SeededRandom } from '../../simulation/seeded-random.ts';
import { liveTarget } from '../targets.ts';

/** Calls the hub; undefined: there was no answer. */
export type Call = (
  method: string,
  path: string,
  body?: object,
) => Promise<{ status: number; body: unknown } | undefined>;

export interface HubLoadOptions {
  readonly random: SeededRandom;
  readonly people: number;
  readonly call: Call;
}

interface Kind {
  /** How often, compared with the others. */
  readonly weight: number;
  readonly run: () => Promise<unknown>;
}

const FAR = '2999-01-01T00:00:00Z';
const SENDABLE = { type: 'chaos', mode: 'push_only', title: 'chaos', message: 'chaos' };

/** What a back end and phones do with a hub, at random: register, move, send, cancel, read, and report incidents. */
export class HubLoad {
  /** Ids of notifications that were answered 202. */
  readonly accepted = new Set<string>();
  /** Of those, what was cancelled before its time. */
  readonly cancelled = new Set<string>();
  unanswered = 0;
  readonly #options: HubLoadOptions;
  readonly #kinds: readonly Kind[];
  readonly #weights: number;
  #serial = 0;
  /** Waits for its time, and can be cancelled. */
  readonly #held: string[] = [];
  readonly #toOne: { readonly id: string; readonly user: string }[] = [];

  constructor(options: HubLoadOptions) {
    this.#options = options;
    const { random } = options;
    this.#kinds = [
      { weight: 30, run: () => this.#toPerson() },
      { weight: 6, run: () => this.#send({ users: this.#users(random.between(2, 20)) }) },
      { weight: 1, run: () => this.#send({ everyone: true }) },
      { weight: 5, run: () => this.#send({ users: [this.#user()] }, { digest: { key: 'd', window: '2s' } }) },
      { weight: 5, run: () => this.#send({ users: [this.#user()] }, { mode: undefined, plan: PLAN }) },
      { weight: 6, run: () => this.#later() },
      { weight: 5, run: () => this.#cancel() },
      { weight: 8, run: () => this.#read() },
      { weight: 6, run: () => this.#device(random.between(0, options.people - 1)) },
      { weight: 4, run: () => this.#incident() },
    ];
    this.#weights = this.#kinds.reduce((sum, { weight }) => sum + weight, 0);
  }

  /** Each has a phone. */
  async addPeople(): Promise<void> {
    const { people, call } = this.#options;
    const steps = [{ after: '1s', to: { users: [name(0)] } }];
    await call('PUT', '/v1/escalations/calls', { steps });
    for (let index = 0; index < people; index++)
      for (let done = false; !done; ) {
        const body = { platform: 'ios', token: liveTarget(index), user: name(index) };
        done = (await call('PUT', `/v1/devices/d${index}`, body))?.status === 201;
      }
  }

  async step(): Promise<void> {
    let dice = this.#options.random.next() * this.#weights;
    const kind = this.#kinds.find(({ weight }) => {
      dice -= weight;
      return dice < 0;
    });
    await kind?.run();
  }

  #user(): string {
    return name(this.#options.random.between(0, this.#options.people - 1));
  }

  #users(count: number): string[] {
    return [...new Set(Array.from({ length: count }, () => this.#user()))];
  }

  async #send(to: object, more: object = {}, id = `n${++this.#serial}`): Promise<string | undefined> {
    const answer = await this.#options.call('POST', '/v1/notifications', { id, ...SENDABLE, to, ...more });
    if (!answer) this.unanswered++;
    if (answer?.status !== 202) return undefined;
    this.accepted.add(id);
    return id;
  }

  async #toPerson(): Promise<void> {
    const user = this.#user();
    const id = await this.#send({ users: [user] });
    if (id !== undefined) this.#toOne.push({ id, user });
  }

  /** One that had no answer may be there all the same, and would wait for ever. */
  async #later(): Promise<void> {
    const id = `n${++this.#serial}`;
    await this.#send({ users: [this.#user()] }, { send_at: FAR }, id);
    this.#held.push(id);
  }

  /** What is still to come; one that had no answer is cancelled again. */
  async #cancel(): Promise<void> {
    const id = this.#held.shift();
    if (id === undefined) return;
    const answer = await this.#options.call('DELETE', `/v1/notifications/${id}`);
    if (answer?.status === 200) this.cancelled.add(id);
    else if (answer?.status !== 404) this.#held.push(id);
  }

  /** At the end: all that waits for a time far away. */
  async cancelAll(): Promise<void> {
    while (this.#held.length > 0) await this.#cancel();
  }

  async #read(): Promise<void> {
    const oldest = this.#toOne.length > 200 ? this.#toOne.shift() : undefined;
    if (oldest) await this.#options.call('POST', `/v1/users/${oldest.user}/notifications/${oldest.id}/read`);
  }

  /** The phone is registered once more, and sometimes by someone else. */
  async #device(index: number): Promise<void> {
    const user = this.#options.random.chance(0.3) ? this.#user() : name(index);
    await this.#options.call('PUT', `/v1/devices/d${index}`, { platform: 'ios', token: liveTarget(index), user });
  }

  async #incident(): Promise<void> {
    const { random, call } = this.#options;
    const status = random.pick(['open', 'open', 'acknowledged', 'resolved']);
    const body = { title: 'chaos', severity: 'SEV-2', status, assignees: [this.#user()], escalation: 'calls' };
    await call('PUT', `/v1/incidents/i${random.between(0, 30)}`, body);
  }

  /** At the end: nothing is called any more. */
  async resolveAll(): Promise<void> {
    for (let index = 0; index <= 30; index++)
      for (let answer = await this.#resolve(index); answer === undefined; ) answer = await this.#resolve(index);
  }

  #resolve(index: number) {
    return this.#options.call('POST', `/v1/incidents/i${index}/resolve`, {});
  }
}

const name = (index: number): string => `u${index}`;
const PLAN = [{ channel: 'realtime', until: 'acked', wait: '1s' }, { channel: 'push' }];
