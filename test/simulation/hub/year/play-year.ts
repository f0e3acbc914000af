import { openHubStore } from '../../../../src/hub/storage/open-hub-store.ts';
import type { HubStore } from '../../../../src/hub/storage/storage.ts';
import { nextDueAt } from '../../../../src/hub/timers/due-rows.ts';
import { Clock, change, phone } from '../../../hub/directory.ts';
import { SeededRandom } from '../../seeded-random.ts';
import { type YearHub, yearHub } from './year-hub.ts';
import { CALL_AFTER_MS, expectedOf, isQuiet } from './year-oracle.ts';
import { drawWorld, type World, type WorldEvent } from './year-world.ts';

export interface YearReport {
  /** `<instant> <person> <what>` that someone should have got, and did not. */
  readonly missing: readonly string[];
  /** What no one should have got, or got twice. */
  readonly surplus: readonly string[];
  /** What came at a time that the person has ruled out. */
  readonly forbidden: readonly string[];
  readonly got: number;
}

const KINDS = ['person', 'page', 'digest', 'escalation', 'sla', 'task', 'schedule', 'clear'];
const APP = 'default';

/** Plays some days, two instances on one store, on a clock that leaps from one thing that is due to the next. */
export async function playYear(seed: number, begin: number, days: number): Promise<YearReport> {
  const random = new SeededRandom(seed);
  const world = drawWorld(random, begin, days);
  const clock = new Clock();
  clock.ms = begin;
  const store = await openHubStore({ path: '', postgres: '', master: undefined, tell: () => {}, now: clock.now });
  const year = new Year(store, clock, world, random);
  try {
    await year.begin();
    await year.run();
  } finally {
    await year.end();
    await store.close();
  }
  return report(world, year.got);
}

class Year {
  /** `<instant> <person> <what>` */
  readonly got: string[] = [];
  readonly #store: HubStore;
  readonly #clock: Clock;
  readonly #world: World;
  readonly #random: SeededRandom;
  #instances: readonly [YearHub, YearHub];

  constructor(store: HubStore, clock: Clock, world: World, random: SeededRandom) {
    this.#store = store;
    this.#clock = clock;
    this.#world = world;
    this.#random = random;
    this.#instances = this.#twins();
  }

  async begin(): Promise<void> {
    const [hub] = this.#instances;
    for (const { id, number, zone, quiet, letsCritical } of this.#world.people) {
      await hub.people.put({ ...change, id }, { timezone: zone });
      await hub.devices.put(change, `d${number}`, phone(number, { user: id }));
      const hours = (hour: number): string => `${String(hour).padStart(2, '0')}:00`;
      await hub.settings.put(hub.change(id), {
        quiet_hours: {
          windows: [{ from: hours(quiet.from), until: hours(quiet.until) }],
          allow: letsCritical ? ['critical'] : [],
        },
      });
    }
    for (const { id, zone, minutes, days, users } of this.#world.schedules)
      await hub.schedules.put(
        { app: APP, id, by: 'key:test' },
        {
          ...{
            cron: `${minutes % 60} ${Math.floor(minutes / 60)} * * ${days.map((day) => day % 7).join(',')}`,
            timezone: zone,
          },
          notification: { type: 'schedule', title: id, to: { users } },
        },
      );
  }

  async run(): Promise<void> {
    const events = [...this.#world.events];
    for (;;) {
      const next = await nextDueAt(this.#store.db, KINDS, this.#clock.ms);
      const event = events[0];
      const at = Math.min(next ?? Number.POSITIVE_INFINITY, event?.at ?? Number.POSITIVE_INFINITY);
      if (at >= this.#world.end) return;
      this.#clock.ms = Math.max(this.#clock.ms, at);
      if (event && event.at <= this.#clock.ms) await this.#happen(events.shift() as WorldEvent);
      await this.#settle();
    }
  }

  async end(): Promise<void> {
    for (const { sends } of this.#instances) await sends.close();
  }

  #twins(): readonly [YearHub, YearHub] {
    return [yearHub(this.#store, this.#clock), yearHub(this.#store, this.#clock)];
  }

  async #happen(event: WorldEvent): Promise<void> {
    const hub = this.#random.pick(this.#instances);
    if (event.kind === 'restart') {
      await this.end();
      this.#instances = this.#twins();
    } else if (event.kind === 'task') {
      const { id, user, due, isDone } = event;
      const state = isDone ? { state: 'completed' } : {};
      await hub.tasks.put({ app: APP, id, caller: 'key:test' }, { title: id, due_on: due, users: [user], ...state });
    } else {
      const { id, user, other, severity, isResolved } = event;
      const name = `call-${other}`;
      const steps = [{ after: CALL_AFTER_MS / 1000, to: { users: [other] } }];
      await hub.escalations.put({ app: APP, name, by: 'key:test', expect: () => {} }, { steps });
      const status = isResolved ? { status: 'resolved' } : {};
      await hub.incidents.put(
        { app: APP, id, caller: 'key:test' },
        { title: id, severity, assignees: [user], escalation: name, ...status },
      );
    }
  }

  /** Both do what is due, at the same time, until nothing is. */
  async #settle(): Promise<void> {
    const [one, other] = this.#instances;
    // What a round accepts is handed over after it, so that only a second one without anything to do says that all is done.
    for (let quiet = 0; quiet < 2; ) {
      await Promise.all([one.sends.settle(), other.sends.settle()]);
      const next = await nextDueAt(this.#store.db, KINDS, this.#clock.ms);
      const taken = [one, other].flatMap(({ carrier }) => carrier.taken.splice(0));
      for (const { notification } of taken) this.#take(notification);
      quiet = taken.length === 0 && (next === undefined || next > this.#clock.ms) ? quiet + 1 : 0;
    }
  }

  #take({ title, data, tokens }: { title?: string; data?: object; tokens: readonly string[] }): void {
    const { type } = data as { type: string };
    const what = /digest|summary/.test(type) ? type : `${type} ${title}`;
    for (const token of tokens) {
      const person = this.#world.people.find(({ number }) => number === Number.parseInt(token.slice(0, 8), 16));
      this.got.push(`${new Date(this.#clock.ms).toISOString()} ${person?.id} ${what}`);
    }
  }
}

/** What is in `some` more often than in `others`. */
function without(some: readonly string[], others: readonly string[]): string[] {
  const left = new Map<string, number>();
  for (const each of others) left.set(each, (left.get(each) ?? 0) + 1);
  return some.filter((each) => {
    const count = left.get(each) ?? 0;
    left.set(each, count - 1);
    return count <= 0;
  });
}

function report(world: World, got: readonly string[]): YearReport {
  const expected = expectedOf(world);
  const critical = new Set(
    world.events.flatMap((event) => (event.kind === 'incident' && event.severity === 'SEV-1' ? [event.id] : [])),
  );
  const forbidden = got.filter((line) => {
    const [at, user, , what] = line.split(' ') as [string, string, string, string | undefined];
    const person = world.people.find(({ id }) => id === user);
    return person && isQuiet(person, Date.parse(at)) && !(person.letsCritical && critical.has(what ?? ''));
  });
  return { missing: without(expected, got), surplus: without(got, expected), forbidden, got: got.length };
}
