import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decide } from '../../../src/hub/notifications/decide.ts';
import type { DecideInput, DeviceFacts } from '../../../src/hub/notifications/decide-input.ts';
import { type HopDecision, isLiving, recipientOutcome } from '../../../src/hub/notifications/decision.ts';
import { modes } from '../../../src/hub/notifications/plan-doc.ts';
import { words } from '../../../src/hub/notifications/words.ts';
import type { QuietWindow } from '../../../src/hub/settings/quiet-hours-doc.ts';
import type { DeviceSettings, SettingsDoc } from '../../../src/hub/settings/settings.ts';
import { type Channel, channels } from '../../../src/hub/words/channel.ts';
import { priorities } from '../../../src/hub/words/priority.ts';
import { ada, input, NOON, phone } from './decide-cases.ts';

/*
 * The promises of the hub over random settings, said again here in a few plain sentences that share no code with the decision.
 * Everything is in UTC, so that the clock on the wall needs no zones; `quiet-hours.test.ts` has those.
 */

const TYPES = ['incident.created', 'incident.resolved', 'task.done'];
const PATTERNS = ['*', 'incident.*', 'incident.created', 'task.*'];
const ALL: readonly ('email' | 'sms' | 'slack')[] = ['email', 'sms', 'slack'];
const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });

const clock = fc.integer({ min: 0, max: 23 }).map((hour) => `${String(hour).padStart(2, '0')}:00`);
const window = fc
  .tuple(clock, clock)
  .filter(([from, until]) => from !== until)
  .map(([from, until]): QuietWindow => ({ from, until }));

const quietHours = fc.record(
  {
    windows: fc.array(window, { minLength: 1, maxLength: 2 }),
    then: fc.constantFrom('hold', 'drop', 'silent', 'digest'),
    allow: fc.subarray([...priorities]),
  },
  { requiredKeys: ['windows'] },
);

const fields = {
  enabled: fc.boolean(),
  severities: fc.subarray(['SEV-1', 'SEV-2', 'SEV-3']),
  statuses: fc.subarray(['open', 'resolved']),
  types: fc.dictionary(
    fc.constantFrom(...PATTERNS),
    fc.oneof(fc.boolean(), fc.record({ channels: fc.subarray([...channels], { minLength: 1 }) })),
  ),
  channels: fc.dictionary(fc.constantFrom(...channels), fc.constantFrom<(boolean | 'never')[]>(true, false, 'never')),
  quiet_hours: quietHours,
};

/** Often one field alone: with all of them little gets through, and nothing is shown by what does not. */
const deviceSettings = fc.oneof(
  fc.record(fields, { requiredKeys: [] }),
  fc.record({ quiet_hours: quietHours }),
  fc
    .constantFrom(...(Object.keys(fields) as (keyof typeof fields)[]))
    .chain((name) => fc.record({ [name]: fields[name] })),
  fc.constant({}),
) as fc.Arbitrary<DeviceSettings>;

const settings = fc
  .record({ own: deviceSettings, ofPhone: optional(deviceSettings) })
  .map(({ own, ofPhone }): SettingsDoc => ({ ...own, ...(ofPhone ? { devices: { phone: ofPhone } } : {}) }));

const device: fc.Arbitrary<DeviceFacts> = fc
  .record({
    enabled: fc.boolean(),
    status: fc.constantFrom('active', 'active', 'active', 'active', 'stale', 'invalid', 'signed_out', 'key_mismatch'),
    settings: deviceSettings,
  })
  .map((changes) => ({ ...phone, timezone: 'UTC', ...changes }));

interface Case {
  readonly doc: SettingsDoc;
  readonly given: DecideInput;
}

const cases: fc.Arbitrary<Case> = fc
  .record({
    doc: settings,
    hour: fc.integer({ min: 0, max: 47 }),
    minute: fc.integer({ min: 0, max: 59 }),
    devices: fc.array(device, { maxLength: 1 }),
    presence: fc.constantFrom('active', 'idle', 'offline'),
    type: fc.constantFrom(...TYPES),
    priority: fc.constantFrom(...priorities),
    severity: optional(fc.constantFrom('SEV-1', 'SEV-2', 'SEV-3')),
    status: optional(fc.constantFrom('open', 'resolved')),
    mode: optional(fc.constantFrom(...modes.filter((mode) => !mode.endsWith('only')))),
    named: optional(fc.subarray([...channels], { minLength: 1 })),
    consent: fc.oneof(fc.constant([...ALL]), fc.subarray([...ALL])) as fc.Arbitrary<('email' | 'sms' | 'slack')[]>,
    snoozed: fc.constantFrom(true, false, false),
  })
  .map(({ doc, hour, minute, devices, presence, type, priority, severity, status, mode, named, consent, snoozed }) => {
    const now = NOON + (hour * 60 + minute) * 60_000;
    const notification = {
      type,
      priority,
      ...(severity ? { severity } : {}),
      ...(status ? { status } : {}),
      ...(mode ? { mode } : {}),
      ...(named ? { channels: named } : {}),
    };
    const person = {
      ...ada,
      timezone: 'UTC',
      consent: Object.fromEntries(consent.map((channel) => [channel, { granted: true }])),
    };
    const snooze = { until: now + 1000, on_end: 'release' } as const;
    return {
      doc,
      given: input({
        settings: doc,
        devices,
        presence,
        notification,
        person,
        now,
        ...(snoozed ? { snooze } : {}),
      }),
    };
  });

/** All documents that have a say in a decision. */
const documents = ({ doc, given }: Case, { device: id }: HopDecision): readonly DeviceSettings[] => {
  const facts = given.devices.find((each) => each.id === id);
  return [doc, ...(facts ? [doc.devices?.phone, facts.settings].filter((each) => each !== undefined) : [])];
};

const leavesNow = ({ state, plan }: HopDecision): boolean => state === 'pending' && !plan;
const mayLeave = (decision: HopDecision): boolean => isLiving(decision);

/** By the pattern that says most of a type: the type itself, then `incident.*`, then `*`. */
function saidOf({ types = {} }: DeviceSettings, type: string): boolean | { readonly channels?: readonly Channel[] } {
  const patterns = [type, `${type.split('.')[0]}.*`, '*'];
  const pattern = patterns.find((each) => Object.hasOwn(types, each));
  return pattern === undefined ? true : (types[pattern] ?? true);
}

const inWindow = ({ from, until }: QuietWindow, now: number): boolean => {
  const minutes = Math.floor(now / 60_000) % 1440;
  const [start, end] = [Number(from.slice(0, 2)) * 60, Number(until.slice(0, 2)) * 60];
  return start < end ? minutes >= start && minutes < end : minutes >= start || minutes < end;
};

const each = (check: (one: Case, decision: HopDecision, docs: readonly DeviceSettings[]) => boolean): void => {
  fc.assert(
    fc.property(cases, (one) => decide(one.given).every((decision) => check(one, decision, documents(one, decision)))),
    { numRuns: 400 },
  );
};

describe('no one gets', () => {
  test('anything after switching all off', () => {
    each((_, decision, docs) => !mayLeave(decision) || docs.every(({ enabled }) => enabled !== false));
  });

  test('a type that was switched off, or not on this channel', () => {
    each(({ given }, decision, docs) => {
      const said = docs.map((doc) => saidOf(doc, given.notification.type));
      const off = said.some((one) =>
        typeof one === 'boolean' ? !one : one.channels?.includes(decision.channel) === false,
      );
      return !mayLeave(decision) || !off;
    });
  });

  test('a channel that was switched off, unless it is critical and may be overridden', () => {
    each(({ given }, decision, docs) => {
      const toggles = docs.map((doc) => doc.channels?.[decision.channel]);
      const critical = given.notification.priority === 'critical';
      return !mayLeave(decision) || !toggles.some((toggle) => toggle === 'never' || (toggle === false && !critical));
    });
  });

  test('a severity or a status that was filtered out', () => {
    each(({ given }, decision, docs) => {
      const { severity, status } = given.notification;
      const out = docs.some(
        ({ severities = [], statuses = [] }) =>
          (severity !== undefined && severities.length > 0 && !severities.includes(severity)) ||
          (status !== undefined && statuses.length > 0 && !statuses.includes(status)),
      );
      return !mayLeave(decision) || !out;
    });
  });

  test('a disturbance at a time that was ruled out, unless what is allowed then', () => {
    each(({ doc, given }, decision, docs) => {
      const { channel, detail } = decision;
      if (channel === 'realtime' || !leavesNow(decision)) return true;
      const { priority } = given.notification;
      const byDefault = doc.quiet_hours?.allow ?? ['critical'];
      const then = doc.quiet_hours?.then ?? 'hold';
      const loud = docs.every(({ quiet_hours: quiet = {} }) => {
        const isQuiet = quiet.windows?.some((one) => inWindow(one, given.now)) ?? false;
        if (!isQuiet || (quiet.allow ?? byDefault).includes(priority)) return true;
        return (quiet.then ?? then) === 'silent' && detail?.silent === true && channel !== 'sms';
      });
      const snoozed = given.settings.snooze !== undefined && !byDefault.includes(priority);
      return loud && !snoozed;
    });
  });

  test('a mail, an SMS or a message to Slack without having agreed', () => {
    each(({ given }, decision) => {
      const { channel } = decision;
      if (channel === 'realtime' || channel === 'push') return true;
      return !mayLeave(decision) || given.person?.consent?.[channel]?.granted === true;
    });
  });

  test('a push on a device that is off, dead, stale or signed out', () => {
    each(({ given }, decision) => {
      const facts = given.devices.find(({ id }) => id === decision.device);
      return (
        decision.channel !== 'push' || !mayLeave(decision) || (facts?.enabled === true && facts.status === 'active')
      );
    });
  });
});

describe('every decision', () => {
  test('that keeps something back has a reason, and all have words', () => {
    each((_, decision) => {
      const explained = decision.state === 'pending' || decision.reason !== undefined;
      return explained && /^[A-Z].*\.$/.test(words(decision));
    });
  });

  test('that is deferred says until when, which is later than now', () => {
    each(({ given }, { state, until }) => state !== 'deferred' || (until !== undefined && until > given.now));
  });

  test('waits for a living hop before it, and never for a skipped one', () => {
    fc.assert(
      fc.property(cases, ({ given }) => {
        const decisions = decide(given);
        return decisions.every(
          ({ plan, hop }) =>
            !plan || (plan.after < hop && decisions.some((other) => other.hop === plan.after && isLiving(other))),
        );
      }),
      { numRuns: 400 },
    );
  });

  test('is the same for the same input, and stands alone in its place', () => {
    fc.assert(
      fc.property(cases, ({ given }) => {
        const decisions = decide(given);
        expect(decide(given)).toEqual(decisions);
        const places = decisions.map(({ hop, device: id }) => `${hop} ${id ?? ''}`);
        expect(new Set(places).size).toBe(places.length);
        expect(decisions.length).toBeGreaterThan(0);
        expect(['queued', 'held', 'suppressed', 'no_channel']).toContain(recipientOutcome(decisions));
      }),
      { numRuns: 300 },
    );
  });

  test('of the first living hop goes at once: presence decides whether to wait, never whether to send', () => {
    fc.assert(
      fc.property(cases, ({ given }) => {
        const first = decide(given).find(isLiving);
        const away = decide({ ...given, presence: 'offline' });
        const here = decide({ ...given, presence: 'active' });
        expect(first?.plan).toBeUndefined();
        expect(here.map(({ hop, device: id, state }) => [hop, id, state])).toEqual(
          away.map(({ hop, device: id, state }) => [hop, id, state]),
        );
      }),
      { numRuns: 300 },
    );
  });
});
