import { describe, expect, test } from 'vitest';
import { decide } from '../../../src/hub/notifications/decide.ts';
import type { DecideInput, DeviceFacts } from '../../../src/hub/notifications/decide-input.ts';
import { recipientOutcome } from '../../../src/hub/notifications/decision.ts';
import { ada, input, NOON, phone } from './decide-cases.ts';

/** `1 realtime pending`, `2 push:phone deferred quiet_hours`. */
const told = (given: DecideInput): string[] =>
  decide(given).map(({ hop, channel, device, state, reason }) =>
    [hop, device === undefined ? channel : `${channel}:${device}`, state, reason].filter(Boolean).join(' '),
  );

const push = (changes: Parameters<typeof input>[0] = {}) =>
  input({ ...changes, notification: { mode: 'push_only', ...changes.notification } });
const mail = (changes: Parameters<typeof input>[0] = {}) =>
  input({ ...changes, notification: { channels: ['email'], ...changes.notification } });

const night = { windows: [{ from: '12:00', until: '20:00' }] } as const;

describe('the order of deciding', () => {
  // Each row adds what the row below it has: what stands higher wins.
  const ladder: [string, Parameters<typeof input>[0], string][] = [
    ['erased', { ended: 'erased' }, 'cancelled erased'],
    ['expired', { notification: { expires_at: '2026-12-01T12:00:00.000Z' } }, 'expired expired'],
    ['scheduled', { notification: { send_at: '2026-12-02T09:00:00.000Z' } }, 'deferred scheduled'],
    ['no address', { person: { ...ada, email: undefined } }, 'suppressed no_address'],
    ['no consent', { person: { ...ada, consent: {} } }, 'suppressed no_consent'],
    ['bounced', { addresses: { email: 'bounced' } }, 'suppressed bounced'],
    ['unsubscribed', { optOuts: [{ channel: 'email', type: 'incident.created' }] }, 'suppressed unsubscribed'],
    ['user', { settings: { enabled: false } }, 'suppressed user_disabled'],
    ['type', { settings: { types: { '*': false } } }, 'suppressed type_disabled'],
    ['channel', { settings: { channels: { email: 'never' } } }, 'suppressed channel_disabled'],
    [
      'severity',
      { notification: { severity: 'SEV-3' }, settings: { severities: ['SEV-1'] } },
      'suppressed severity_filtered',
    ],
    [
      'status',
      { notification: { status: 'open' }, settings: { statuses: ['resolved'] } },
      'suppressed status_filtered',
    ],
    ['not configured', { can: () => false }, 'suppressed not_configured'],
    [
      'throttled',
      {
        policy: { limits: { channels: { email: [{ max: 1, per_ms: 60_000 }] }, types: {} } },
        usage: [{ type: 'task.done', channel: 'email', at: NOON - 1, count: 1 }],
      },
      'suppressed throttled',
    ],
    ['duplicate', { duplicate: true }, 'suppressed duplicate'],
    ["a sender's digest", { notification: { digest: { key: 'k', window: 60 } } }, 'deferred digested'],
    ['quiet hours', { settings: { quiet_hours: night } }, 'deferred quiet_hours'],
    ['snooze', { snooze: { until: NOON + 1000, on_end: 'release' } }, 'deferred snoozed'],
    ["a person's digest", { settings: { digest: { mode: 'daily' } } }, 'deferred digested'],
  ];

  test.each(ladder)('%s alone', (_, changes, expected) => {
    expect(told(mail(changes))).toEqual([`1 email ${expected}`]);
  });

  test.each(ladder.map(([name, , expected], index) => [name, index, expected] as const))(
    '%s before everything below it',
    (name, index, expected) => {
      // Quiet hours and snooze are one rung: the later end names the reason.
      const below = ladder.slice(index).filter(([other]) => name !== 'quiet hours' || other !== 'snooze');
      const all = below.map(([, changes]) => changes as Record<string, object>);
      const merged: Record<string, unknown> = {};
      for (const changes of all.toReversed())
        for (const [key, value] of Object.entries(changes))
          merged[key] =
            typeof value === 'object' && !Array.isArray(value) && merged[key]
              ? { ...(merged[key] as object), ...value }
              : value;
      expect(told(mail(merged))).toEqual([`1 email ${expected}`]);
    },
  );

  test('nothing in the way', () => {
    expect(told(mail())).toEqual(['1 email pending']);
  });
});

describe('the modes', () => {
  test('by priority: low to the stream, medium with push, high with mail, critical by all at once', () => {
    expect(told(input({ notification: { priority: 'low' } }))).toEqual(['1 realtime pending']);
    expect(told(input())).toEqual(['1 realtime pending', '2 push:phone pending']);
    expect(told(input({ notification: { priority: 'high' } }))).toEqual([
      '1 realtime pending',
      '2 push:phone pending',
      '3 email pending',
    ]);
    const critical = decide(input({ notification: { priority: 'critical' }, presence: 'active' }));
    expect(critical.map(({ channel }) => channel)).toEqual(['realtime', 'push', 'email', 'sms', 'slack']);
    expect(critical.every(({ state, plan, until }) => state === 'pending' && !plan && until === undefined)).toBe(true);
  });

  test('hybrid to someone present: 5 s for an acknowledgement, 2 s more, then push; mail when push has failed', () => {
    const [stream, phonePush, email] = decide(input({ notification: { priority: 'high' }, presence: 'active' }));
    expect(stream).toEqual({ hop: 1, channel: 'realtime', state: 'pending', at: NOON });
    expect(phonePush).toEqual({
      hop: 2,
      channel: 'push',
      device: 'phone',
      state: 'pending',
      at: NOON,
      until: NOON + 7000,
      plan: { after: 1, unless: 'acked', wait_ms: 5000, delay_ms: 2000 },
    });
    expect(email).toEqual({ hop: 3, channel: 'email', state: 'pending', at: NOON, plan: { after: 2, unless: 'seen' } });
  });

  test.each(['offline', 'idle'] as const)('hybrid to someone %s: push at once', (presence) => {
    const [stream, phonePush] = decide(input({ presence }));
    expect(stream?.state).toBe('pending');
    expect(phonePush).toEqual({ hop: 2, channel: 'push', device: 'phone', state: 'pending', at: NOON });
  });

  test('hybrid with escalate_unread_after: mail when push was not seen for so long', () => {
    const [, , email] = decide(
      input({ notification: { priority: 'high' }, policy: { escalateUnreadAfterMs: 600_000 } }),
    );
    expect(email?.plan).toEqual({ after: 2, unless: 'seen', wait_ms: 600_000 });
  });

  test('realtime_only, push_only and redundant', () => {
    expect(told(input({ notification: { mode: 'realtime_only' } }))).toEqual(['1 realtime pending']);
    expect(told(push())).toEqual(['1 push:phone pending']);
    const all = decide(input({ notification: { mode: 'redundant', channels: ['push', 'sms'] }, presence: 'active' }));
    expect(all.map(({ channel, plan }) => [channel, plan])).toEqual([
      ['push', undefined],
      ['sms', undefined],
    ]);
  });

  test('channels alone take the mode of the priority, and the mode alone its channels', () => {
    expect(told(input({ notification: { channels: ['sms', 'realtime'] } }))).toEqual([
      '1 realtime pending',
      '2 sms pending',
    ]);
    expect(told(input({ notification: { mode: 'redundant' } }))).toEqual([
      '1 realtime pending',
      '2 push:phone pending',
    ]);
    const only = {
      priorities: {
        ...input().policy.priorities,
        medium: { ...input().policy.priorities.medium, mode: 'push_only' as const },
      },
    };
    expect(told(input({ notification: { channels: ['email'] }, policy: only }))).toEqual(['1 email pending']);
    expect(told(input({ policy: only }))).toEqual(['1 push:phone pending']);
  });

  test("a sender's own plan", () => {
    const decisions = decide(
      input({
        presence: 'active',
        notification: {
          plan: [
            { channel: 'realtime', until: 'acked', wait: 5 },
            { channel: 'push', until: 'seen', wait: 600 },
            { channel: 'sms' },
            { channel: 'email' },
          ],
        },
      }),
    );
    expect(decisions.map(({ channel, plan, until }) => [channel, plan, until])).toEqual([
      ['realtime', undefined, undefined],
      ['push', { after: 1, unless: 'acked', wait_ms: 5000 }, NOON + 5000],
      ['sms', { after: 2, unless: 'seen', wait_ms: 600_000 }, NOON + 600_000],
      ['email', { after: 3, unless: 'seen' }, undefined],
    ]);
  });
});

describe('a hop that is skipped', () => {
  test('leaves its turn and its wait to the next', () => {
    const decisions = decide(input({ notification: { priority: 'high' }, presence: 'active', devices: [] }));
    expect(decisions.map(({ channel, state, reason, plan }) => [channel, state, reason, plan])).toEqual([
      ['realtime', 'pending', undefined, undefined],
      ['push', 'suppressed', 'no_devices', undefined],
      ['email', 'pending', undefined, { after: 1, unless: 'acked', wait_ms: 5000, delay_ms: 2000 }],
    ]);
  });

  test('before all others makes the next the first', () => {
    const never = { channels: { realtime: 'never', push: 'never' } } as const;
    const [, , email] = decide(input({ notification: { priority: 'high' }, presence: 'active', settings: never }));
    expect(email).toEqual({ hop: 3, channel: 'email', state: 'pending', at: NOON });
  });

  test('in a redundant send makes no one wait', () => {
    const decisions = decide(input({ notification: { priority: 'critical' }, devices: [], presence: 'active' }));
    expect(decisions.filter(({ plan }) => plan)).toEqual([]);
  });
});

describe('devices', () => {
  const device = (id: string, changes: Partial<DeviceFacts> = {}): DeviceFacts => ({ ...phone, id, ...changes });

  test('each gets a decision; dead ones and signed out ones are no devices', () => {
    const devices = [
      device('a'),
      device('b', { enabled: false }),
      device('c', { status: 'stale' }),
      device('d', { status: 'key_mismatch' }),
      device('e', { status: 'invalid' }),
      device('f', { status: 'signed_out' }),
      device('g', { settings: { channels: { push: 'never' } } }),
      device('h', { settings: { quiet_hours: night } }),
      device('i', { unreadable: true }),
    ];
    expect(told(push({ devices }))).toEqual([
      '1 push:a pending',
      '1 push:b suppressed channel_disabled',
      '1 push:c suppressed stale_device',
      '1 push:d suppressed key_mismatch',
      '1 push:g suppressed channel_disabled',
      '1 push:h deferred quiet_hours',
      '1 push:i suppressed unreadable',
    ]);
    expect(told(push({ devices: [device('e', { status: 'invalid' })] }))).toEqual(['1 push suppressed no_devices']);
  });

  test("quiet hours of a push are in that device's zone, of all else in the zone of the device seen last", () => {
    const morning = { quiet_hours: { windows: [{ from: '20:00', until: '22:00' }] } };
    const devices = [
      device('berlin', { last_seen_at: NOON - 5 }),
      device('tokyo', { timezone: 'Asia/Tokyo', last_seen_at: NOON - 1 }),
    ];
    expect(told(input({ devices, settings: morning, notification: { channels: ['push', 'email'] } }))).toEqual([
      '1 push:berlin pending',
      '1 push:tokyo deferred quiet_hours',
      '2 email deferred quiet_hours',
    ]);
  });

  test('of other kinds than alert are reached when they are named or asked for', () => {
    const devices = [
      device('alert', { platform: 'ios' }),
      device('voip', { platform: 'ios', kind: 'voip' }),
      device('android'),
    ];
    expect(told(push({ devices }))).toEqual(['1 push:alert pending', '1 push:android pending']);
    const asked = { overrides: { ios: { push_type: 'voip' } } };
    expect(told(push({ devices, notification: asked }))).toEqual(['1 push:voip pending', '1 push:android pending']);
    expect(told(push({ devices, namedDevices: ['voip'] }))).toHaveLength(3);
    expect(told(input({ devices, namedDevices: ['voip'], devicesOnly: true }))).toEqual(['1 push:voip pending']);
  });

  test('of a platform that the app cannot send to, and of iOS without a topic', () => {
    const devices = [device('ios', { platform: 'ios' }), device('web', { platform: 'web' })];
    const decisions = decide(push({ devices, can: (platform) => platform !== 'web', policy: { iosTopic: '' } }));
    expect(decisions.map(({ state, reason, detail }) => [state, reason, detail])).toEqual([
      ['failed', 'not_configured', { platform: 'ios', key: 'ios.topic' }],
      ['suppressed', 'not_configured', { platform: 'web' }],
    ]);
    const topic = { overrides: { ios: { topic: 'com.example.other' } } };
    expect(told(push({ devices: [devices[0] as DeviceFacts], policy: { iosTopic: '' }, notification: topic }))).toEqual(
      ['1 push:ios pending'],
    );
  });
});

describe('what waits', () => {
  test("quiet hours, snooze and a person's digest do not hold the stream; a sender's digest does", () => {
    const waits = [
      input({ settings: { quiet_hours: night } }),
      input({ snooze: { until: NOON + 1, on_end: 'release' } }),
      input({ settings: { digest: { mode: 'hourly' } } }),
    ];
    for (const each of waits) expect(told(each)[0]).toBe('1 realtime pending');
    const digest = { digest: { key: 'builds', window: 900 } };
    const [stream] = decide(input({ notification: digest }));
    expect(stream).toMatchObject({ reason: 'digested', until: NOON + 900_000, detail: { digest: 'key:builds' } });
    const open = new Map([['builds', NOON + 60_000]]);
    expect(decide(input({ notification: digest, openDigests: open }))[0]?.until).toBe(NOON + 60_000);
  });

  test.each([
    ['hold', 'deferred', 'quiet_hours', Date.parse('2026-12-01T19:00:00Z')],
    ['digest', 'deferred', 'digested', Date.parse('2026-12-01T19:00:00Z')],
    ['drop', 'suppressed', 'quiet_hours', undefined],
    ['silent', 'pending', 'quiet_hours', undefined],
  ] as const)('then: %s', (then, state, reason, until) => {
    const [decision] = decide(mail({ settings: { quiet_hours: { ...night, then } } }));
    expect(decision).toMatchObject({ state, reason });
    expect(decision?.until).toBe(until);
    expect(decision?.detail?.silent).toBe(then === 'silent' ? true : undefined);
  });

  test('then: silent holds a text message, which cannot be silent', () => {
    const silent = { quiet_hours: { ...night, then: 'silent' } } as const;
    expect(told(input({ settings: silent, notification: { mode: 'redundant', channels: ['sms', 'slack'] } }))).toEqual([
      '1 sms deferred quiet_hours',
      '2 slack pending quiet_hours',
    ]);
  });

  test('what is for those who are awake leaves out who is in quiet hours or has a snooze, even when it is critical', () => {
    const asleep = { notification: { priority: 'critical', awake_only: true } } as const;
    const lines = (changes: object) => told(push({ ...asleep, ...changes }));
    expect(lines({ settings: { quiet_hours: { ...night, allow: ['critical'] } } })).toEqual([
      '1 push:phone suppressed quiet_hours',
    ]);
    expect(lines({ snooze: { until: NOON + 1000, on_end: 'release' } })).toEqual(['1 push:phone suppressed snoozed']);
    expect(
      lines({ settings: { quiet_hours: { ...night, then: 'silent' }, digest: { mode: 'daily', at: '18:00' } } }),
    ).toEqual(['1 push:phone suppressed quiet_hours']);
    expect(lines({})).toEqual(['1 push:phone pending']);
  });

  test('a digest is not collected into another, and waits for the end of quiet hours', () => {
    expect(told(mail({ isDigest: true, settings: { digest: { mode: 'daily' } } }))).toEqual(['1 email pending']);
    const collecting = { quiet_hours: { ...night, then: 'digest' } } as const;
    expect(told(mail({ isDigest: true, settings: collecting }))).toEqual(['1 email deferred quiet_hours']);
  });

  test("a time in each person's zone", () => {
    const at = { send_at: '2026-12-02T09:00:00', timezone: 'user' } as const;
    expect(decide(mail({ notification: at }))[0]?.until).toBe(Date.parse('2026-12-02T08:00:00Z'));
    const tokyo = { ...ada, timezone: 'Asia/Tokyo' };
    expect(decide(mail({ notification: at, devices: [], person: tokyo }))[0]?.until).toBe(
      Date.parse('2026-12-02T00:00:00Z'),
    );
    expect(told(mail({ notification: { send_at: '2026-12-01T11:59:59.000Z' } }))).toEqual(['1 email pending']);
  });

  test('a scheduled push of a person without devices is asked about then', () => {
    const at = { send_at: '2026-12-02T09:00:00.000Z' };
    expect(told(push({ devices: [], notification: at }))).toEqual(['1 push deferred scheduled']);
  });
});

describe('addresses', () => {
  test('consent: absent is none where it is required, refused is none everywhere', () => {
    const without = { ...ada, consent: {} };
    expect(told(mail({ person: without }))).toEqual(['1 email suppressed no_consent']);
    expect(told(mail({ person: without, policy: { consentRequired: ['sms'] } }))).toEqual(['1 email pending']);
    const refused = { ...ada, consent: { email: { granted: false } } };
    expect(told(mail({ person: refused, policy: { consentRequired: [] } }))).toEqual(['1 email suppressed no_consent']);
    expect(told(push({ person: { id: 'ada' } }))).toEqual(['1 push:phone pending']);
  });

  test.each([
    ['bounced', 'bounced'],
    ['invalid', 'bounced'],
    ['complained', 'unsubscribed'],
    ['unsubscribed', 'unsubscribed'],
  ] as const)('%s blocks its channel only', (status, reason) => {
    const notification = { mode: 'redundant', channels: ['email', 'sms'] } as const;
    expect(told(input({ notification, addresses: { email: status } }))).toEqual([
      `1 email suppressed ${reason}`,
      '2 sms pending',
    ]);
  });

  test('an opt-out blocks its type only', () => {
    const optOuts = [{ channel: 'email', type: 'news' }] as const;
    expect(told(mail({ optOuts }))).toEqual(['1 email pending']);
    expect(told(mail({ optOuts, notification: { type: 'news' } }))).toEqual(['1 email suppressed unsubscribed']);
  });
});

describe('how a person counts', () => {
  test.each<[string, DecideInput, string]>([
    ['queued', input(), 'queued'],
    ['held', push({ settings: { quiet_hours: night } }), 'held'],
    ['unknown', input({ person: undefined }), 'unknown'],
    ['without devices', push({ devices: [] }), 'no_channel'],
    ['all devices off', push({ devices: [{ ...phone, enabled: false }] }), 'suppressed'],
    ['only a stale one', push({ devices: [{ ...phone, status: 'stale' }] }), 'no_channel'],
    [
      'no address and no device',
      input({ person: { id: 'ada' }, devices: [], notification: { channels: ['push', 'sms'] } }),
      'no_channel',
    ],
    [
      'no device, and mail switched off',
      input({ devices: [], notification: { channels: ['push', 'email'] }, settings: { channels: { email: false } } }),
      'suppressed',
    ],
    ['expired', push({ notification: { expires_at: '2026-01-01T00:00:00.000Z' } }), 'suppressed'],
  ])('%s', (_, given, expected) => {
    expect(recipientOutcome(decide(given))).toBe(expected);
  });

  test('an unknown person has one decision that says so', () => {
    expect(told(input({ person: undefined }))).toEqual(['1 realtime suppressed unknown_user']);
  });
});
