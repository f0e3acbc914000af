/** One step for people of notifications: what is decided now, against what was decided before; what leaves by it, and how it is written. */
import type { DecidedFact } from '../../observe/metrics/hub-counts.ts';
import { aboutsOf, type MoveDetail, RollNotes } from '../analytics/roll-notes.ts';
import { decide } from '../notifications/decide.ts';
import type { AcceptedNotification, Ended, PresenceState } from '../notifications/decide-input.ts';
import { type DecisionDetail, type HopDecision, recipientOutcome } from '../notifications/decision.ts';
import { isSenders } from '../notifications/gate.ts';
import type { HubPolicy } from '../notifications/policy.ts';
import type { HubDb, NewRow } from '../storage/storage.ts';
import { clearDue, type Due, setDue } from '../timers/due-rows.ts';
import { type Advanced, advancePerson, type Planned } from './advance-person.ts';
import { isToOne } from './audience/audience.ts';
import { isDigest } from './digests/digest-id.ts';
import type { DeviceOfPerson } from './facts/devices-of-people.ts';
import { countUsage, type Facts, isCounted } from './facts/facts.ts';
import { isMarked, type RecipientRow } from './marks.ts';
import type { Unreached } from './no-channel.ts';
import { heldDue, personDue } from './person-due.ts';
import { type DecisionRow, deleteDecisions, isOpen, putDecisions, SUPERSEDED } from './rows/decision-rows.ts';
import { type PersonStepped, UsualSteps } from './steps/usual-steps.ts';

/** A person of a notification, with what is known before the step. */
export interface PersonAt {
  readonly notification: AcceptedNotification;
  readonly user: string;
  readonly facts: Facts;
  readonly kept: readonly DecisionRow[];
  /** Undefined on the first step. */
  readonly recipient?: RecipientRow | undefined;
  readonly presence: PresenceState;
  /** Devices that were named, where the person is meant by them alone. */
  readonly only?: readonly string[] | undefined;
  readonly ended?: Ended | undefined;
  /** What is held is decided again before its time. */
  readonly again?: boolean;
  readonly openDigests?: ReadonlyMap<string, number>;
  /** The timer that has brought this step is gone already, in the same transaction. */
  readonly isTimerEnded?: boolean;
  /** Whether it may be part of a digest that leaves now. */
  readonly asDigest?: boolean;
}

/** A decision that leaves, with what it takes to make something of it. */
export interface Leaving {
  readonly notification: AcceptedNotification;
  readonly user: string;
  readonly facts: Facts;
  readonly row: NewRow<'decisions'>;
  /** When it was to leave, UNIX milliseconds. */
  readonly dueAt: number;
  readonly device?: DeviceOfPerson | undefined;
  readonly detail?: DecisionDetail | undefined;
  /** Nothing else of its notification is to come, to anyone: once a provider has answered, it is done. */
  readonly isLast: boolean;
}

/** Something that a digest takes. */
export interface Digested extends Leaving {
  readonly key: string;
  readonly until: number;
  /** It was decided again, and the person's settings collect it: that digest leaves at `until`, whenever it was to leave before. */
  readonly again: boolean;
}

/** Of whom what digests have collected was decided again. */
export interface Undigested {
  readonly app: string;
  readonly notification: string;
  readonly user: string;
}

export interface Stepped {
  readonly steps: readonly Step[];
  readonly dues: readonly Due[];
  /** As they were decided now, by place in what was asked. */
  readonly decisions: readonly (readonly HopDecision[])[];
  readonly leave: readonly Leaving[];
  /** Those that are in another state than before the step. */
  readonly changed: readonly DecidedFact[];
  /** People whom nothing can reach, now that this was decided. */
  readonly unreached: readonly Unreached[];
  readonly digested: readonly Digested[];
  readonly undigested: readonly Undigested[];
  /** The earliest timer that was set; undefined: none. */
  readonly dueAt: number | undefined;
}

export interface StepParts {
  readonly policyOf: (app: string) => HubPolicy;
  /** Whether the app can send to a platform. */
  readonly can: (app: string, platform: string) => boolean;
  /** UNIX milliseconds. */
  readonly now: number;
}

interface SteppingParts extends StepParts {
  readonly newId: () => string;
}

const plannedOf =
  ({ facts }: Pick<PersonAt, 'facts'>) =>
  ({ hop, channel, device = '', state, reason, until, detail, plan }: HopDecision): Planned => ({
    ...{ hop, channel, device, state, plan },
    platform: facts.devices.find(({ id }) => id === device)?.platform ?? null,
    reason: reason ?? null,
    // Of a hop that waits for another one it is computed where that has begun.
    until: plan && state !== 'deferred' ? null : (until ?? null),
    detail: detail ? JSON.stringify(detail) : null,
  });

/** What is decided about a person now. */
export function decideFor(
  { notification, facts, presence, only, ended, openDigests, asDigest }: Omit<PersonAt, 'user' | 'kept'>,
  { policyOf, can, now }: StepParts,
): readonly HopDecision[] {
  const { app } = notification;
  return decide({
    ...facts,
    ...{ notification, presence, now, policy: policyOf(app), ended },
    ...(only ? { namedDevices: only, devicesOnly: true } : { namedDevices: notification.to.devices ?? [] }),
    ...(openDigests ? { openDigests } : {}),
    isDigest: asDigest ?? isDigest(notification.id),
    can: (platform) => can(app, platform),
  });
}

function advance(person: PersonAt, decisions: readonly HopDecision[], now: number): Advanced {
  const { notification, user, kept, recipient, again } = person;
  const { app, id } = notification;
  return advancePerson({
    ...{ app, notification: id, user, kept, now, fresh: decisions.map(plannedOf(person)) },
    ...(again === undefined ? {} : { again }),
    isMarked: (mark) => recipient !== undefined && isMarked(recipient, mark),
  });
}

/** What waited was due when its wait was over; what is decided for the first time, when the notification was accepted. */
function dueAtOf({ kept, notification }: PersonAt, { hop, channel, at }: NewRow<'decisions'>): number {
  if (kept.length === 0) return Math.min(notification.created_at, at);
  return Math.min(kept.find((row) => row.hop === hop && row.channel === channel)?.until ?? at, at);
}

const leavingOf = (person: PersonAt, row: NewRow<'decisions'>, isLast = false): Leaving => ({
  ...{ notification: person.notification, user: person.user, facts: person.facts, row },
  dueAt: dueAtOf(person, row),
  device: person.facts.devices.find(({ id }) => id === row.device),
  detail: row.detail ? (JSON.parse(row.detail) as DecisionDetail) : undefined,
  isLast,
});

/** Of what leaves now: with what is known of the notification as a whole. */
function leavingIn({ person, advanced: { put, leave } }: Step): Leaving[] {
  const { kept, notification } = person;
  const isOne = kept.length === 0 && isToOne(notification.to) && !isDigest(notification.id);
  const open = isOne ? put.filter(({ state }) => isOpen(state)) : [];
  return leave.map((row) => leavingOf(person, row, open.length === 1 && open[0] === row));
}

/** How many steps are alike, by the first of them. */
function countedSteps(steps: readonly Step[]): ReadonlyMap<Step, number> {
  const counts = new Map<Step, number>();
  for (const step of steps) {
    const first = step.like ?? step;
    counts.set(first, (counts.get(first) ?? 0) + 1);
  }
  return counts;
}

/** What some steps come to, each by itself; of those that are alike it is asked once whether they come to anything. */
function ofSteps<Of>(steps: readonly Step[], of: (step: Step) => readonly Of[]): Of[] {
  const without = new Set<Step>();
  return steps.flatMap((step) => {
    if (step.like && without.has(step.like)) return [];
    const some = of(step);
    if (some.length === 0) without.add(step);
    return some;
  });
}

const digestedOf = ({ person, advanced: { put } }: Step): Digested[] =>
  put
    .filter(({ state, reason }) => state === 'deferred' && reason === 'digested')
    .map((row) => {
      const leaving = leavingOf(person, row);
      const key = leaving.detail?.digest ?? '';
      return { ...leaving, key, until: row.until ?? 0, again: person.again === true && !isSenders(key) };
    });

const isSame = (a: NewRow<'decisions'>, b: NewRow<'decisions'>): boolean =>
  a.hop === b.hop && a.channel === b.channel && a.device === b.device && a.state === b.state && a.reason === b.reason;

const changedOf = ({ person: { kept }, advanced: { put } }: Step): readonly NewRow<'decisions'>[] =>
  kept.length === 0 ? put : put.filter((row) => !kept.some((before) => isSame(before, row)));

const changedIn = (steps: readonly Step[]): DecidedFact[] =>
  [...countedSteps(steps)].flatMap(([step, count]) =>
    changedOf(step).map(({ app, channel, state, reason = null }) => ({ app, channel, state, reason, count })),
  );

/** A person of whom every way has ended without one that leads there. */
function unreachedOf(step: Step): Unreached[] {
  const { person, advanced } = step;
  const [first] = advanced.rows;
  if (!first || recipientOutcome(advanced.rows as readonly HopDecision[]) !== 'no_channel') return [];
  if (changedOf(step).length === 0) return [];
  const { notification, user } = person;
  return [{ app: notification.app, notification: notification.id, user, reason: first.reason ?? '' }];
}

type Step = PersonStepped<PersonAt>;

/** Of one person. */
function stepOf(person: PersonAt, parts: StepParts): Step {
  const decisions = decideFor(person, parts);
  return { person, decisions, advanced: advance(person, decisions, parts.now) };
}

/** People who are decided about together for the first time and wait for the same moment: from so many on they have one timer. */
const VERY_MANY = 50;

const byBytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));

/** When each is looked at again. Who has no timer of their own has one with others: src/hub/sends/held/held-work.ts. */
function timersOf(steps: readonly Step[], newId: () => string): Due[] {
  const waiting = steps.flatMap(({ person: { notification, user, kept }, advanced: { dueAt: at } }) =>
    at === undefined ? [] : [{ notification, user, at, isFirst: kept.length === 0 }],
  );
  const alike = Map.groupBy(waiting, ({ notification: { app, id }, at, isFirst }) =>
    waiting.length < VERY_MANY || !isFirst ? '' : JSON.stringify([app, id, at]),
  );
  return [...alike].flatMap(([key, some]) => {
    const [{ notification, at }] = some as [(typeof some)[0]];
    if (key !== '' && some.length >= VERY_MANY) {
      const users = some.map(({ user }) => user).sort(byBytes);
      const people = [users[0] as string, users.at(-1) as string] as const;
      return [{ ...heldDue(notification.app, notification.id, newId(), people), at }];
    }
    return some.map(({ notification: { app, id }, user, at }) => ({ ...personDue(app, id, user), at }));
  });
}

/** People that are decided about before the event loop may turn. */
const AT_ONCE = 25;

/** Decides. Nothing is written: what leaves has to be given to batches before. @param turn what the next piece is to wait for */
export async function stepPeople(
  people: readonly PersonAt[],
  parts: SteppingParts,
  turn: () => Promise<void> | undefined,
): Promise<Stepped> {
  const steps: Step[] = [];
  const usual = new UsualSteps<PersonAt>((person) => stepOf(person, parts));
  for (const person of people) {
    const wait = steps.length % AT_ONCE === 0 ? turn() : undefined;
    if (wait) await wait;
    steps.push(usual.step(person));
  }
  const dues = timersOf(steps, parts.newId);
  return {
    steps,
    dues,
    decisions: steps.map(({ decisions }) => decisions),
    leave: steps.flatMap(leavingIn),
    changed: changedIn(steps),
    unreached: ofSteps(steps, unreachedOf),
    digested: ofSteps(steps, digestedOf),
    undigested: steps
      .filter(({ advanced }) => advanced.undigested)
      .map(({ person: { notification, user } }) => ({ app: notification.app, notification: notification.id, user })),
    dueAt: dues.length > 0 ? Math.min(...dues.map(({ at }) => at)) : undefined,
  };
}

const isSameTarget = (a: NewRow<'decisions'>, b: NewRow<'decisions'>): boolean =>
  a.hop === b.hop && a.channel === b.channel && a.device === b.device;

/** An earlier hop has reached the person. */
const moveOf = ({ reason, detail }: NewRow<'decisions'>): MoveDetail =>
  reason === SUPERSEDED && detail?.includes('"hop":') ? { isReachedBefore: true } : {};

/** What a step changes, in numbers. */
function noteStep(notes: RollNotes, { person: { kept }, advanced: { put, remove } }: Step, count: number): void {
  for (const row of remove) notes.moved(row, row, undefined);
  for (const row of put) {
    const of = { ...row, platform: row.platform ?? null };
    const before = kept.find((each) => isSameTarget(each, row));
    if (before && isSame(before, row)) continue;
    if (before) notes.moved(before, before, undefined);
    notes.moved(of, undefined, row, { ...moveOf(row), count });
  }
}

const carriedBy = (row: NewRow<'decisions'>, batch: string | null): NewRow<'decisions'> =>
  row.batch === batch ? row : { ...row, batch };

/**
 * Writes decisions and timers, and counts what leaves.
 * @param batchOf the batch that carries a decision; undefined: none does
 */
export async function writeSteps(
  tx: HubDb,
  { steps, dues, leave }: Stepped,
  { policyOf, now }: Pick<StepParts, 'policyOf' | 'now'>,
  batchOf: (row: NewRow<'decisions'>) => string | undefined,
): Promise<void> {
  await deleteDecisions(
    tx,
    steps.flatMap(({ advanced }) => advanced.remove),
  );
  await putDecisions(
    tx,
    steps.flatMap(({ advanced }) => advanced.put).map((row) => carriedBy(row, batchOf(row) ?? null)),
  );
  await setDue(tx, dues);
  const notes = new RollNotes(aboutsOf(steps.map(({ person }) => person.notification)));
  for (const [step, count] of countedSteps(steps)) noteStep(notes, step, count);
  await notes.write(tx);
  const over = steps.filter(
    ({ person, advanced }) => person.kept.length > 0 && !person.isTimerEnded && advanced.dueAt === undefined,
  );
  await clearDue(
    tx,
    over.map(({ person: { notification, user } }) => personDue(notification.app, notification.id, user)),
  );
  const counted = leave.filter(({ notification: { app }, row }) => isCounted(policyOf(app), row.channel));
  for (const [notification, some] of Map.groupBy(counted, (each) => each.notification))
    await countUsage(
      tx,
      notification.app,
      { type: notification.type, at: now },
      some.map(({ user, row: { channel } }) => ({ user, channel })),
    );
}
