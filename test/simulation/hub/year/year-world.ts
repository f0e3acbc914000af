import type { SeededRandom } from '../../seeded-random.ts';

/** What happens in a year, as it is drawn once: people, what they want, and what is said of tasks and incidents when. */

export interface SimPerson {
  readonly id: string;
  readonly number: number;
  readonly zone: string;
  /** Hours of the day at which the quiet begins and ends; they may go over midnight. */
  readonly quiet: { readonly from: number; readonly until: number };
  /** Whether critical notices come through it. */
  readonly letsCritical: boolean;
}

export type WorldEvent =
  | {
      readonly at: number;
      readonly kind: 'task';
      readonly id: string;
      readonly user: string;
      readonly due: string;
      readonly isDone: boolean;
    }
  | {
      readonly at: number;
      readonly kind: 'incident';
      readonly id: string;
      readonly user: string;
      readonly other: string;
      readonly severity: string;
      readonly isResolved: boolean;
    }
  /** All instances end, and others begin. */
  | { readonly at: number; readonly kind: 'restart' };

export interface SimSchedule {
  readonly id: string;
  readonly zone: string;
  /** Minutes since midnight. */
  readonly minutes: number;
  /** Days of the week, 1 to 7. */
  readonly days: readonly number[];
  readonly users: readonly string[];
}

export interface World {
  readonly begin: number;
  readonly end: number;
  readonly people: readonly SimPerson[];
  readonly schedules: readonly SimSchedule[];
  /** In the order of time. */
  readonly events: readonly WorldEvent[];
}

/** Half an hour, a quarter, north and south of the equator, and one that goes over the date line. */
const ZONES = [
  ...['Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kolkata', 'America/Los_Angeles', 'Asia/Tokyo'],
  ...['America/Santiago', 'Pacific/Chatham', 'Africa/Cairo', 'Pacific/Kiritimati', 'America/St_Johns', 'UTC'],
];

const PEOPLE = 50;
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** No bound lies where clocks are changed. */
const QUIET = [
  { from: 22, until: 7 },
  { from: 23, until: 10 },
  { from: 19, until: 6 },
  { from: 12, until: 15 },
] as const;

export function drawWorld(random: SeededRandom, begin: number, days: number): World {
  const end = begin + days * DAY;
  const people = Array.from(
    { length: PEOPLE },
    (_, number): SimPerson => ({
      ...{ id: `p${number}`, number: number + 1, zone: ZONES[number % ZONES.length] as string },
      ...{ quiet: random.pick(QUIET), letsCritical: random.chance(0.7) },
    }),
  );
  // Never at a full second: nothing else happens then.
  const moment = (from: number, to: number): number =>
    Math.floor(from + random.between(0, Math.max(0, to - from - 1)) / 1000) * 1000 + 377;
  const events: WorldEvent[] = [];
  for (const { id: user, zone } of people)
    for (let count = 0; count < days / 14; count++) {
      const at = moment(begin, end);
      const today = Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(zone).toPlainDate();
      const due = today.add({ days: random.between(0, 5) }).toString();
      const task = { kind: 'task' as const, id: `t-${user}-${count}`, user, due };
      events.push({ ...task, at, isDone: false }, { ...task, at: moment(at + MINUTE, at + 9 * DAY), isDone: true });
    }
  for (let count = 0; count < days / 3; count++) {
    const at = moment(begin, end);
    const incident = {
      ...{ kind: 'incident' as const, id: `i${count}`, severity: random.pick(['SEV-1', 'SEV-3']) },
      ...{ user: random.pick(people).id, other: random.pick(people).id },
    };
    events.push(
      { ...incident, at, isResolved: false },
      { ...incident, at: moment(at + MINUTE, at + HOUR), isResolved: true },
    );
  }
  for (let at = begin; at < end; at += 7 * DAY) events.push({ at: moment(at, at + 7 * DAY), kind: 'restart' });
  return {
    ...{ begin, end, people, schedules: drawSchedules(random, people) },
    events: events.filter(({ at }) => at < end).sort((a, b) => a.at - b.at),
  };
}

const drawSchedules = (random: SeededRandom, people: readonly SimPerson[]): SimSchedule[] =>
  ZONES.slice(0, 8).map((zone, index) => ({
    ...{ id: `s${index}`, zone, minutes: random.pick([2 * 60 + 30, 9 * 60, 3 * 60 + 15, 17 * 60 + 45]) },
    days: random.pick([[1, 2, 3, 4, 5], [1, 2, 3, 4, 5, 6, 7], [7]]),
    users: [random.pick(people).id, random.pick(people).id].filter((id, at, all) => all.indexOf(id) === at),
  }));
