import { describe, expect, test } from 'vitest';
import type { HubPolicy } from '../../../../src/hub/notifications/policy.ts';
import type { Facts } from '../../../../src/hub/sends/facts/facts.ts';
import { type PersonAt, stepPeople } from '../../../../src/hub/sends/step-people.ts';
import { effectiveSettings } from '../../../../src/hub/settings/settings.ts';
import { input, NOON, policy as usual } from '../../notifications/decide-cases.ts';

type Device = Facts['devices'][number];

const device = (id: string, more: Partial<Device> = {}): Device => ({
  ...{ id, users: ['u'], platform: 'ios', kind: 'alert', environment: '', status: 'active', enabled: true },
  ...{ last_seen_at: NOON, tokenRev: 1, isSuspect: false, target: () => id },
  ...more,
});

const settings = effectiveSettings({});

const facts = (user: string, more: Partial<Facts> = {}): Facts => ({
  ...{ person: { id: user, rev: 1 } as unknown as Facts['person'], settings, devices: [device(`d-${user}`)] },
  ...{ addresses: {}, optOuts: [], usage: [] },
  ...more,
});

const NIGHT = { quiet_hours: { timezone: 'UTC', windows: [{ from: '11:00', until: '14:00' }] } } as never;

/** Each kind of person twice, between others, as pages have them. */
const kinds: Readonly<Record<string, (user: string) => Partial<PersonAt> & { readonly facts: Facts }>> = {
  'one device': (user) => ({ facts: facts(user) }),
  'who is there': (user) => ({ facts: facts(user), presence: 'active' }),
  'of another platform': (user) => ({
    facts: facts(user, { devices: [device(`a-${user}`, { platform: 'android' })] }),
  }),
  'of a platform that is off': (user) => ({
    facts: facts(user, { devices: [device(`w-${user}`, { platform: 'web' })] }),
  }),
  'without a device': (user) => ({ facts: facts(user, { devices: [] }) }),
  'signed out': (user) => ({ facts: facts(user, { devices: [device(`s-${user}`, { status: 'signed_out' })] }) }),
  stale: (user) => ({ facts: facts(user, { devices: [device(`o-${user}`, { status: 'stale' })] }) }),
  'switched off': (user) => ({ facts: facts(user, { devices: [device(`x-${user}`, { enabled: false })] }) }),
  'a call': (user) => ({ facts: facts(user, { devices: [device(`v-${user}`, { kind: 'voip' })] }) }),
  'an unreadable device': (user) => ({ facts: facts(user, { devices: [device(`u-${user}`, { unreadable: true })] }) }),
  'two devices': (user) => ({ facts: facts(user, { devices: [device(`1-${user}`), device(`2-${user}`)] }) }),
  'a device that forbids it': (user) => ({
    facts: facts(user, { devices: [device(`f-${user}`, { settings: { enabled: false } })] }),
  }),
  'a person who forbids it': (user) => ({
    facts: facts(user, { settings: effectiveSettings({}, { enabled: false }) }),
  }),
  asleep: (user) => ({ facts: facts(user, { settings: effectiveSettings({}, NIGHT) }) }),
  'with settings for a device': (user) => ({
    facts: facts(user, { settings: effectiveSettings({}, { devices: { [`d-${user}`]: { enabled: false } } }) }),
  }),
  'in another zone': (user) => ({ facts: facts(user, { devices: [device(`z-${user}`, { timezone: 'Asia/Tokyo' })] }) }),
  unknown: (user) => ({ facts: facts(user, { person: undefined, devices: [] }) }),
  superseded: (user) => ({ facts: facts(user), ended: 'superseded' }),
  'meant by a device': (user) => ({ facts: facts(user), only: [`d-${user}`] }),
  'with an address': (user) => ({
    facts: facts(user, { person: { id: user, email: `${user}@example.com` } as unknown as Facts['person'] }),
  }),
};

const names = Object.keys(kinds);
const { notification } = input({ notification: { to: { everyone: true } } });
const people = Array.from({ length: names.length * 3 }, (_, index): PersonAt => {
  const user = `u${index}`;
  const of = kinds[names[index % names.length] as string] as (typeof kinds)[string];
  return { notification, user, kept: [], presence: 'offline', ...of(user) };
});

const parts = (policy: HubPolicy) => ({
  ...{ policyOf: () => policy, can: (_: string, platform: string) => platform !== 'web', now: NOON, newId: () => 'id' },
});

const policies: Readonly<Record<string, HubPolicy>> = {
  'as usual': usual,
  'with an address for all': { ...usual, priorities: { ...usual.priorities, medium: usual.priorities.critical } },
  'with quiet hours for all': { ...usual, defaults: NIGHT },
};

describe.each(Object.entries(policies))('steps of many people, %s,', (_name, policy) => {
  test('are those of each by themselves', async () => {
    const some =
      policy.defaults === usual.defaults
        ? people
        : people.map((each) => ({ ...each, facts: { ...each.facts, settings: effectiveSettings(policy.defaults) } }));
    const together = await stepPeople(some, parts(policy), () => undefined);
    const alone = await Promise.all(some.map((each) => stepPeople([each], parts(policy), () => undefined)));
    for (const name of ['decisions', 'leave', 'unreached', 'digested', 'undigested'] as const)
      expect(together[name], name).toEqual(alone.flatMap((each) => each[name] as readonly unknown[]));
    expect(together.steps.map(({ advanced: { put, leave, dueAt } }) => ({ put, leave, dueAt }))).toEqual(
      alone.flatMap(({ steps }) => steps.map(({ advanced: { put, leave, dueAt } }) => ({ put, leave, dueAt }))),
    );
    expect(counted(together.changed)).toEqual(counted(alone.flatMap(({ changed }) => changed)));
  });

  test('are made once for those who are alike', async () => {
    const { steps } = await stepPeople(people, parts(policy), () => undefined);
    const usualOnes = steps.filter(({ like }) => like !== undefined);
    expect(usualOnes.length).toBeGreaterThanOrEqual(10);
    for (const { person, like } of usualOnes)
      expect(person.facts.devices.length).toBe(like?.person.facts.devices.length);
  });
});

describe('steps of people of several notifications', () => {
  const named = (id: string, more: Partial<PersonAt['notification']> = {}): PersonAt['notification'] => ({
    ...{ ...notification, id, title: `It is ${id}`, to: { users: [`u-${id}`] } },
    ...more,
  });
  const DAY_MS = 86_400_000;
  const all = [
    ...[
      named('a'),
      named('b'),
      named('c', { data: { of: 'c' } }),
      named('d', { created_at: notification.created_at + 1 }),
    ],
    ...[named('low', { priority: 'low' }), named('other', { type: 'other' }), named('later', { mode: 'push_only' })],
    ...[named('over', { expires_at: new Date(NOON - 1).toISOString() }), named('e', { confidential: true })],
    ...[
      named('before', { created_at: notification.created_at - DAY_MS }),
      named('digest-f'),
      named('g', { mode: 'push_only' }),
    ],
  ];
  const some = all.map((each): PersonAt => {
    const user = `u-${each.id}`;
    return { notification: each, user, kept: [], presence: 'offline', facts: facts(user) };
  });

  test('are those of each by itself', async () => {
    const together = await stepPeople(some, parts(usual), () => undefined);
    const alone = await Promise.all(some.map((each) => stepPeople([each], parts(usual), () => undefined)));
    for (const name of ['decisions', 'leave', 'unreached', 'digested', 'undigested'] as const)
      expect(together[name], name).toEqual(alone.flatMap((each) => each[name] as readonly unknown[]));
    expect(together.steps.map(({ advanced: { put, leave } }) => ({ put, leave }))).toEqual(
      alone.flatMap(({ steps }) => steps.map(({ advanced: { put, leave } }) => ({ put, leave }))),
    );
  });

  test('are made once for those that say other things, and are alike in all that decides', async () => {
    const { steps } = await stepPeople(some, parts(usual), () => undefined);
    const like = steps
      .filter((step) => step.like)
      .map(({ person, like: of }) => [person.notification.id, of?.person.notification.id]);
    expect(like).toEqual([
      ['b', 'a'],
      ['c', 'a'],
      ['d', 'a'],
    ]);
  });
});

function counted(facts: readonly { channel: string; state: string; reason: string | null; count?: number }[]) {
  const counts: Record<string, number> = {};
  for (const { channel, state, reason, count = 1 } of facts) {
    const key = `${channel} ${state} ${reason}`;
    counts[key] = (counts[key] ?? 0) + count;
  }
  return counts;
}
