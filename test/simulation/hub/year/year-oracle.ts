import type { SimPerson, SimSchedule, World } from './year-world.ts';

/** What people are to get in a year, and when: worked out from the world alone, with nothing of the hub's. */

const MINUTE = 60_000;
const DAY = 86_400_000;
/** After this someone else is called for an incident. */
export const CALL_AFTER_MS = 15 * MINUTE;

interface Emission {
  readonly at: number;
  readonly user: string;
  readonly label: string;
  /** Until then it may be taken back, as long as it is held; absent: it never is. */
  readonly endsAt?: number | undefined;
  readonly isCritical?: boolean;
}

const local = (at: number, zone: string): Temporal.ZonedDateTime =>
  Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(zone);

/** Whether a person is not to be disturbed at an instant. */
export function isQuiet({ quiet: { from, until }, zone }: SimPerson, at: number): boolean {
  const { hour } = local(at, zone);
  return from < until ? hour >= from && hour < until : hour >= from || hour < until;
}

function afterQuiet(person: SimPerson, at: number): number {
  let now = at;
  while (isQuiet(person, now)) now = Math.floor(now / MINUTE) * MINUTE + MINUTE;
  return now;
}

/** Dates of the year where a zone is, with a day more at both ends. */
function* datesOf({ begin, end }: World, zone: string): Generator<Temporal.PlainDate> {
  let date = local(begin, zone).toPlainDate().subtract({ days: 1 });
  const last = local(end, zone).toPlainDate().add({ days: 1 });
  for (; Temporal.PlainDate.compare(date, last) <= 0; date = date.add({ days: 1 })) yield date;
}

const on = (date: Temporal.PlainDate, minutes: number, zone: string): number =>
  date.toZonedDateTime({ timeZone: zone, plainTime: { hour: Math.floor(minutes / 60), minute: minutes % 60 } })
    .epochMilliseconds;

interface Span {
  readonly id: string;
  readonly user: string;
  readonly due: string;
  readonly from: number;
  readonly to: number;
}

function tasksOf({ events, end }: World): Span[] {
  const tasks = events.filter((event) => event.kind === 'task');
  const done = new Map(tasks.filter(({ isDone }) => isDone).map(({ id, at }) => [id, at]));
  return tasks
    .filter(({ isDone }) => !isDone)
    .map(({ id, user, due, at }) => ({ id, user, due, from: at, to: done.get(id) ?? end + DAY * 30 }));
}

function ofTasks(world: World): Emission[] {
  const tasks = tasksOf(world);
  const changes = tasks.flatMap(({ id, user, from, to }): Emission[] => [
    { at: from, user, label: `task.assigned ${id}`, endsAt: to },
    { at: to, user, label: `task.completed ${id}` },
  ]);
  const daily = world.people.flatMap(({ id: user, zone }): Emission[] => {
    const own = tasks.filter((task) => task.user === user);
    return [...datesOf(world, zone)].flatMap((date) => dailyOf(own, user, zone, date));
  });
  return [...changes, ...daily];
}

function dailyOf(own: readonly Span[], user: string, zone: string, date: Temporal.PlainDate): Emission[] {
  const openAt = (at: number): Span[] => own.filter(({ from, to }) => from < at && at < to);
  const today = date.toString();
  const tomorrow = date.add({ days: 1 }).toString();
  const [overdueAt, digestAt, reminderAt] = [9, 11, 20].map((hour) => on(date, hour * 60, zone)) as [
    number,
    number,
    number,
  ];
  const late = openAt(overdueAt)
    .filter(({ due }) => due < today)
    .sort((a, b) => (a.due === b.due ? (a.id < b.id ? -1 : 1) : a.due < b.due ? -1 : 1));
  const soon = openAt(reminderAt).filter(({ due }) => due === today || due === tomorrow);
  return [
    ...late.slice(0, 5).map(({ id, to }) => ({ at: overdueAt, user, label: `task.overdue ${id}`, endsAt: to })),
    ...(late.length > 5 ? [{ at: overdueAt, user, label: 'task.overdue_summary' }] : []),
    ...(openAt(digestAt).length > 0 ? [{ at: digestAt, user, label: 'task.digest' }] : []),
    ...soon.map(({ id, to }) => ({ at: reminderAt, user, label: `task.reminder ${id}`, endsAt: to })),
  ];
}

function ofIncidents({ events, end }: World): Emission[] {
  const incidents = events.filter((event) => event.kind === 'incident');
  const over = new Map(incidents.filter(({ isResolved }) => isResolved).map(({ id, at }) => [id, at]));
  return incidents
    .filter(({ isResolved }) => !isResolved)
    .flatMap(({ id, user, other, severity, at }): Emission[] => {
      const endsAt = over.get(id) ?? end + DAY;
      const isCritical = severity === 'SEV-1';
      return [
        { at, user, label: `incident.created ${id}`, endsAt, isCritical },
        ...(at + CALL_AFTER_MS < endsAt
          ? [{ at: at + CALL_AFTER_MS, user: other, label: `incident.escalated ${id}`, endsAt, isCritical }]
          : []),
        { at: endsAt, user, label: `incident.resolved ${id}`, isCritical },
      ];
    });
}

const ofSchedules = (world: World): Emission[] =>
  world.schedules.flatMap((schedule) =>
    [...datesOf(world, schedule.zone)]
      .filter(({ dayOfWeek }) => schedule.days.includes(dayOfWeek))
      .flatMap((date) =>
        schedule.users.map((user) => ({ at: timeOf(schedule, date), user, label: `schedule ${schedule.id}` })),
      ),
  );

/** Right after the gap, where a time is not there; the first where it is there twice. */
function timeOf({ minutes, zone }: SimSchedule, date: Temporal.PlainDate): number {
  const at = on(date, minutes, zone);
  const there = local(at, zone);
  if (there.hour * 60 + there.minute === minutes) return at;
  let first = at;
  while (local(first - MINUTE, zone).offsetNanoseconds === there.offsetNanoseconds) first -= MINUTE;
  return first;
}

/** `<instant> <person> <what>` of everything that reaches someone within the year. */
export function expectedOf(world: World): string[] {
  const people = new Map(world.people.map((person) => [person.id, person]));
  return [...ofTasks(world), ...ofIncidents(world), ...ofSchedules(world)]
    .filter(({ at }) => at > world.begin && at < world.end)
    .flatMap(({ at, user, label, endsAt, isCritical = false }) => {
      const person = people.get(user) as SimPerson;
      const leaves = isCritical && person.letsCritical ? at : afterQuiet(person, at);
      const isTakenBack = endsAt !== undefined && leaves > at && endsAt < leaves;
      return isTakenBack || leaves >= world.end ? [] : [`${new Date(leaves).toISOString()} ${user} ${label}`];
    })
    .toSorted();
}
