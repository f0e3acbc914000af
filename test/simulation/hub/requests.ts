/** What callers ask of the hub in a history: each request with what the model makes of it once it is committed. */
import { parseNotification } from '../../../src/hub/notifications/notification-doc.ts';
import { RefusedError } from '../../../src/kit/refusal.ts';
import type { SeededRandom } from '../seeded-random.ts';
import type { HubLedger } from './hub-ledger.ts';
import type { HubProcess } from './hub-process.ts';
import { type Model, type ModelNotification, NO_WISHES, type QuietTimes, type Wishes } from './model.ts';

export const APP = 'default';
const BY = 'key:test';
const USERS = ['ada', 'bob', 'cyd', 'dan'] as const;
const DEVICES = ['d1', 'd2', 'd3', 'd4', 'd5'] as const;
const EMAILS = ['ada@example.com', 'bob@example.com', 'family@example.com'] as const;
const TYPES = ['news', 'alert'] as const;
const PLANS = [
  { mode: 'push_only' },
  { mode: 'push_only' },
  { mode: 'redundant', channels: ['push', 'email'] },
  { mode: 'redundant', channels: ['realtime', 'push', 'email'] },
  { mode: 'hybrid', channels: ['realtime', 'push', 'email'] },
  { mode: 'hybrid', channels: ['push', 'email'] },
  {
    plan: [
      { channel: 'realtime', until: 'acked', wait: '4s' },
      { channel: 'push', until: 'seen', wait: '10s' },
      { channel: 'email' },
    ],
  },
  { plan: [{ channel: 'push', until: 'failed' }, { channel: 'email' }] },
] as const;

/** A request, and how it is asked. */
export interface Asked {
  /** @param wall clock of the host that did it */
  readonly committed: (wall: number) => void;
  readonly call: (hub: HubProcess) => Promise<unknown>;
}

export interface RequestParts {
  readonly random: SeededRandom;
  readonly model: Model;
  readonly ledger: HubLedger;
  /** UNIX milliseconds, as callers know it. */
  readonly wall: () => number;
  /** Notifications that were answered 202. */
  readonly answered: Map<string, unknown>;
  /** Within a transaction: what is to be known as soon as it is committed. */
  onCommit(meaning: () => void): void;
}

interface Whom {
  readonly users?: readonly string[];
  readonly devices?: readonly string[];
  readonly everyone?: boolean;
}

const token = (number: number): string => number.toString(16).padStart(8, '0').repeat(8);
const clock = (minute: number): string =>
  `${String(Math.floor(minute / 60) % 24).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`;

export class Requests {
  readonly #parts: RequestParts;
  readonly #sent: { id: string; body: object }[] = [];
  #serial = 0;

  constructor(parts: RequestParts) {
    this.#parts = parts;
  }

  /** People and devices that are there when the history begins. */
  first(): Asked[] {
    const { random } = this.#parts;
    const people = USERS.slice(0, random.between(2, 4));
    return [
      ...people.map((user, index) => this.#putPerson(user, EMAILS[index] ?? EMAILS[2], true)),
      ...DEVICES.slice(0, random.between(2, 5)).map((id, index) =>
        this.#putDevice(id, token(index), [people[index % people.length] as string]),
      ),
    ];
  }

  any(): Asked {
    const { random } = this.#parts;
    const kinds: readonly [number, () => Asked][] = [
      [10, () => this.#send()],
      [1, () => this.#again()],
      [3, () => this.#device()],
      [1, () => this.#deleteDevice()],
      [3, () => this.#settings()],
      [1, () => this.#snooze()],
      [1, () => this.#wake()],
      [1, () => this.#person()],
      [1, () => this.#erase()],
      [3, () => this.#mark()],
      [1, () => this.#cancel()],
      [1, () => this.#cancelByKey()],
    ];
    let dice = random.between(
      1,
      kinds.reduce((sum, [weight]) => sum + weight, 0),
    );
    for (const [weight, make] of kinds) {
      dice -= weight;
      if (dice <= 0) return make();
    }
    return this.#send();
  }

  #change(user: string) {
    return { app: APP, by: BY, user };
  }

  #putPerson(user: string, email: string | undefined, hasConsent: boolean): Asked {
    const { model } = this.#parts;
    const body = { ...(email === undefined ? {} : { email }), consent: { email: hasConsent } };
    return {
      committed: () => Object.assign(model.person(user), { email, hasConsent }),
      call: ({ people }) => people.put({ app: APP, by: BY, id: user }, body),
    };
  }

  #person(): Asked {
    const { random } = this.#parts;
    return this.#putPerson(random.pick(USERS), random.pick([...EMAILS, undefined]), random.chance(0.8));
  }

  #putDevice(id: string, value: string, owners: readonly string[], enabled = true): Asked {
    const { model, ledger, onCommit } = this.#parts;
    const registered = (): void => {
      model.register(id, value, owners, enabled);
      ledger.registered(id);
    };
    const body = {
      platform: 'ios',
      token: value,
      enabled,
      ...(owners.length > 1 ? { users: owners } : { user: owners[0] ?? null }),
    };
    return {
      // Those that come together are written together, in the transaction of one of them: each says in it that it is written.
      committed: () => {},
      call: ({ devices }) => devices.put({ app: APP, by: BY, expect: () => onCommit(registered) }, id, body),
    };
  }

  #device(): Asked {
    const { random, model } = this.#parts;
    const id = random.pick(DEVICES);
    const known = model.devices.get(id);
    const value = known && random.chance(0.6) ? known.token : token(random.between(0, 8));
    const owners = random.pick([[], [random.pick(USERS)], [random.pick(USERS)], ['ada', 'bob']]);
    return this.#putDevice(id, value, owners, random.chance(0.9));
  }

  #deleteDevice(): Asked {
    const { random, model } = this.#parts;
    const id = random.pick(DEVICES);
    return {
      committed: () => model.devices.delete(id),
      call: ({ devices }) => devices.delete({ app: APP, by: BY }, id),
    };
  }

  #settings(): Asked {
    const { random, model } = this.#parts;
    const user = random.pick(USERS);
    const wishes = random.chance(0.3) ? NO_WISHES : this.#wishes();
    return {
      committed: () => Object.assign(model.person(user), { wishes }),
      call: ({ settings }) => settings.put(this.#change(user), documentOf(wishes)),
    };
  }

  #wishes(): Wishes {
    const { random } = this.#parts;
    return {
      enabled: random.chance(0.85),
      offTypes: random.chance(0.25) ? [random.pick(TYPES)] : [],
      mailTypes: random.chance(0.25) ? [random.pick(TYPES)] : [],
      push: random.pick([true, true, true, false, 'never'] as const),
      email: random.pick([true, true, true, false, 'never'] as const),
      quiet: random.chance(0.5) ? this.#quiet() : undefined,
    };
  }

  #quiet(): QuietTimes {
    const { random, wall } = this.#parts;
    const minute = Math.floor(wall() / 60_000) % 1440;
    const from = minute + random.pick([-1, 0, 0, 1]);
    return {
      ...{ from, until: from + random.between(1, 2) },
      action: random.pick(['hold', 'hold', 'drop', 'silent', 'digest'] as const),
      allowsCritical: random.chance(0.7),
    };
  }

  #snooze(): Asked {
    const { random, model, wall } = this.#parts;
    const user = random.pick(USERS);
    const snooze = {
      until: wall() + random.between(1, 60) * 1000,
      on_end: random.pick(['release', 'digest', 'clear'] as const),
    };
    return {
      committed: () => Object.assign(model.person(user), { snoozedUntil: snooze.until, snoozeEnd: snooze.on_end }),
      call: ({ settings }) => settings.snooze(this.#change(user), snooze),
    };
  }

  #wake(): Asked {
    const { random, model } = this.#parts;
    const user = random.pick(USERS);
    return {
      committed: (wall) => {
        const person = model.person(user);
        // One that was over is gone for good, also where the clock is set back after it.
        person.snoozedUntil = person.snoozedUntil > wall ? wall : 0;
      },
      call: ({ settings }) => settings.wake(this.#change(user)),
    };
  }

  #erase(): Asked {
    const { random, model } = this.#parts;
    const user = random.pick(USERS);
    return {
      committed: () => model.erase(user),
      call: ({ people }) => people.erase({ app: APP, by: BY, id: user }),
    };
  }

  #pickNotification(): ModelNotification | undefined {
    const { random, model } = this.#parts;
    const known = [...model.notifications.values()].filter(({ id }) => !id.startsWith('digest-'));
    return known.length === 0 ? undefined : random.pick(known);
  }

  #mark(): Asked {
    const { random } = this.#parts;
    const notification = this.#pickNotification();
    if (!notification) return this.#send();
    const user = random.pick(USERS);
    const mark = random.pick(['acked', 'seen', 'read'] as const);
    const { acked, seen, read } = notification;
    return {
      committed: () => {
        acked.add(user);
        if (mark !== 'acked') seen.add(user);
        if (mark === 'read') read.add(user);
      },
      call: ({ inbox }) => inbox.mark({ app: APP, user }, notification.id, mark),
    };
  }

  #cancel(): Asked {
    const { model } = this.#parts;
    const notification = this.#pickNotification();
    if (!notification) return this.#send();
    return {
      committed: () => model.cancel(({ id }) => id === notification.id),
      call: ({ cancel }) => cancel.one(notification.id),
    };
  }

  #cancelByKey(): Asked {
    const { model } = this.#parts;
    return {
      committed: () => model.cancel(({ cancelKey }) => cancelKey === 'k'),
      call: ({ cancel }) => cancel.byKey('k'),
    };
  }

  #send(): Asked {
    const { random, wall } = this.#parts;
    const id = `n${++this.#serial}`;
    const at = (least: number, most: number): string => new Date(wall() + random.between(least, most)).toISOString();
    const body = {
      ...{ id, message: `m-${id}`, type: random.pick(TYPES), to: this.#to() },
      priority: random.pick(['medium', 'medium', 'low', 'critical'] as const),
      ...random.pick(PLANS),
      ...(random.chance(0.2) ? { collapse_key: 'c' } : {}),
      ...(random.chance(0.2) ? { cancel_key: 'k' } : {}),
      ...(random.chance(0.2) ? { digest: { key: 'd', window: random.pick(['5s', '20s']) } } : {}),
      ...(random.chance(0.15) ? { expires_at: at(-1000, 40_000) } : {}),
      ...(random.chance(0.15) ? { send_at: at(-1000, 40_000) } : {}),
    };
    this.#sent.push({ id, body });
    return this.#post(id, body);
  }

  #to(): Whom {
    const { random } = this.#parts;
    const dice = random.next();
    if (dice < 0.2) return { everyone: true };
    if (dice < 0.3) return { devices: [random.pick(DEVICES)] };
    return { users: [...new Set([random.pick(USERS), ...(random.chance(0.4) ? [random.pick(USERS)] : [])])] };
  }

  /** The same body under the same id: answered as the first time. */
  #again(): Asked {
    const { random } = this.#parts;
    if (this.#sent.length === 0) return this.#send();
    const { id, body } = random.pick(this.#sent);
    return this.#post(id, body);
  }

  #post(id: string, body: object): Asked {
    const { model, answered, onCommit } = this.#parts;
    const doc = parseNotification(body, { timezone: 'UTC' });
    if (Array.isArray(doc)) throw new Error(JSON.stringify(doc));
    const given = body as Record<string, string | undefined>;
    const { to, digest } = body as { to: Whom; digest?: object };
    // Several sends may share a transaction.
    const accepted = (): void =>
      model.accept({
        id,
        users: to.everyone ? 'everyone' : (to.users ?? []),
        devices: to.devices ?? [],
        type: given.type as string,
        priority: given.priority as ModelNotification['priority'],
        expiresAt: given.expires_at === undefined ? undefined : Date.parse(given.expires_at),
        sendAt: given.send_at === undefined ? undefined : Date.parse(given.send_at),
        collapseKey: given.collapse_key,
        cancelKey: given.cancel_key,
        isDigested: digest !== undefined,
      });
    return {
      committed: () => {},
      call: async ({ sends }) => {
        const order = { app: APP, doc: doc as never, bodyHash: JSON.stringify(body) };
        const { answer } = await sends.accept({ ...order, keep: async () => onCommit(accepted) });
        answered.set(id, answer);
      },
    };
  }
}

/** In the words of the API. */
const documentOf = ({ enabled, offTypes, mailTypes, push, email, quiet }: Wishes): object => ({
  enabled,
  types: Object.fromEntries([
    ...mailTypes.map((type) => [type, { channels: ['email'] }]),
    ...offTypes.map((type) => [type, false]),
  ]),
  channels: { push, email },
  ...(quiet ? { quiet_hours: quietHoursOf(quiet) } : {}),
});

const quietHoursOf = ({ from, until, action, allowsCritical }: QuietTimes): object =>
  Object.fromEntries([
    ['timezone', 'UTC'],
    ['windows', [{ from: clock(from), until: clock(until) }]],
    ['then', action],
    ['allow', allowsCritical ? ['critical'] : []],
  ]);

/** A refusal is an answer, and a store that is away says so: neither is a mistake. */
export const isAnswer = (error: unknown): boolean => error instanceof RefusedError;
