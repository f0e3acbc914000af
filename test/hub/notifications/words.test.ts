import { describe, expect, test } from 'vitest';
import { type HopDecision, hubReasons, states } from '../../../src/hub/notifications/decision.ts';
import { spanWords, words } from '../../../src/hub/notifications/words.ts';
import { addressed, channels } from '../../../src/hub/words/channel.ts';

const until = Date.parse('2026-12-02T07:00:00Z');
const berlin = { timezone: 'Europe/Berlin', timezone_source: 'device' } as const;

type Told = Partial<HopDecision>;
const say = (told: Told): string => words({ state: 'suppressed', channel: 'push', ...told });

describe('why, in words', () => {
  test('each reason', () => {
    const rows: [string, Told][] = [
      ['scheduled', { state: 'deferred', until }],
      ['user_disabled', {}],
      ['channel_disabled', { detail: { by: 'person', never: true } }],
      ['channel_disabled', { detail: { by: 'person', never: false } }],
      ['channel_disabled', { detail: { by: 'device' } }],
      ['type_disabled', { detail: { pattern: 'incident.*' } }],
      ['severity_filtered', { detail: { severity: 'SEV-3' } }],
      ['status_filtered', { detail: { status: 'open' } }],
      ['quiet_hours', { state: 'deferred', until, detail: { ...berlin, then: 'hold', by: 'person' } }],
      ['quiet_hours', { state: 'suppressed', detail: { ...berlin, then: 'drop', by: 'device' } }],
      ['quiet_hours', { state: 'pending', detail: { ...berlin, then: 'silent', by: 'person', silent: true } }],
      ['snoozed', { state: 'deferred', until, detail: { timezone: 'UTC', timezone_source: 'hub' } }],
      ['snoozed', { state: 'suppressed' }],
      ['no_consent', { channel: 'sms' }],
      ['unsubscribed', { channel: 'sms', detail: { address: 'unsubscribed' } }],
      ['unsubscribed', { channel: 'email', detail: { address: 'complained' } }],
      ['unsubscribed', { channel: 'email', detail: { type: 'news' } }],
      ['bounced', { channel: 'email', detail: { address: 'bounced' } }],
      ['bounced', { channel: 'slack', detail: { address: 'invalid' } }],
      ['no_address', { channel: 'email' }],
      ['no_devices', {}],
      ['stale_device', {}],
      ['key_mismatch', {}],
      ['throttled', { channel: 'sms', detail: { max: 5, per_ms: 900_000 } }],
      ['duplicate', {}],
      ['superseded', { state: 'cancelled' }],
      ['digested', { state: 'deferred', until, detail: { digest: 'key:builds' } }],
      ['digested', { state: 'deferred', until, detail: { ...berlin, digest: 'quiet_hours' } }],
      ['digested', { state: 'deferred', until, detail: { ...berlin, digest: 'digested' } }],
      ['acked', { state: 'cancelled' }],
      ['read', { state: 'cancelled' }],
      ['resolved', { state: 'cancelled' }],
      ['not_configured', { channel: 'sms', detail: { platform: 'sms' } }],
      ['not_configured', { state: 'failed', detail: { platform: 'ios', key: 'ios.topic' } }],
      ['budget', { channel: 'sms' }],
      ['expired', { state: 'expired' }],
      ['cancelled', { state: 'cancelled' }],
      ['erased', { state: 'cancelled' }],
      ['unknown_user', {}],
    ];
    expect(new Set(rows.map(([reason]) => reason))).toEqual(new Set(hubReasons));
    const lines = rows.map(([reason, told]) => `${reason}: ${say({ reason, ...told })}`);
    expect(lines.join('\n')).toMatchInlineSnapshot(`
      "scheduled: It is to leave later: it is held until 07:00 on 2 December 2026 (UTC).
      user_disabled: The person has switched all notifications off.
      channel_disabled: The person has switched push off, for critical notifications too.
      channel_disabled: The person has switched push off.
      channel_disabled: Notifications are switched off for this device.
      type_disabled: The person's settings do not let notifications of the type incident.* come by push.
      severity_filtered: The person does not want notifications of the severity SEV-3.
      status_filtered: The person does not want notifications about the status open.
      quiet_hours: It is held until 08:00 on 2 December 2026 (Europe/Berlin, the device's zone) because of quiet hours of the person.
      quiet_hours: It was left out because of quiet hours of the device; it stands in the inbox.
      quiet_hours: It is sent without sound because of quiet hours of the person.
      snoozed: It is held until 07:00 on 2 December 2026 (UTC, the zone of this hub) because of a snooze of the person.
      snoozed: It was left out because of a snooze of the person; it stands in the inbox.
      no_consent: The person has not agreed to be reached by SMS.
      unsubscribed: The person has unsubscribed from SMS.
      unsubscribed: The person has complained about mail, so that no more is sent.
      unsubscribed: The person has unsubscribed from mail of the type news.
      bounced: The person's mail address has sent back what was sent before.
      bounced: The person's Slack id does not exist.
      no_address: No mail address of the person is known.
      no_devices: The person has no device that a push can go to.
      stale_device: This device has not been seen for so long that nothing is sent to it.
      key_mismatch: This browser subscribed with a key that is not configured here.
      throttled: The person has got 5 by SMS within 15 minutes, which is the limit.
      duplicate: The person has got this notification already.
      superseded: A later notification with the same collapse key has taken its place.
      digested: It is collected for a digest that leaves at 07:00 on 2 December 2026 (UTC): the sender has asked for it.
      digested: It is collected for a digest that leaves at 08:00 on 2 December 2026 (Europe/Berlin, the device's zone): quiet hours of the person ask for it.
      digested: It is collected for a digest that leaves at 08:00 on 2 December 2026 (Europe/Berlin, the device's zone): the person has asked for digests.
      acked: The person had acknowledged it before this was due.
      read: The person had read it before this was due.
      resolved: What it is about was settled before this was due.
      not_configured: It cannot be sent this way: no credential for sms is configured.
      not_configured: It cannot be sent this way: ios.topic is not set.
      budget: What may be spent on SMS is used up.
      expired: It expired before it was delivered.
      cancelled: The sender cancelled it before it left.
      erased: The person was erased.
      unknown_user: There is no person with this id."
    `);
  });

  test('each state without a reason of ours', () => {
    const rows: Told[] = [
      { state: 'pending' },
      { state: 'pending', plan: { after: 1, unless: 'acked', wait_ms: 5000, delay_ms: 2000 } },
      { state: 'pending', channel: 'email', plan: { after: 2, unless: 'seen' } },
      { state: 'pending', channel: 'sms', plan: { after: 2, unless: 'read', wait_ms: 600_000 } },
      { state: 'deferred', until },
      { state: 'sent' },
      { state: 'sent', channel: 'realtime' },
      { state: 'sent', channel: 'sms', detail: { segments: 2 } },
      { state: 'sent', reason: 'quiet_hours', detail: { silent: true } },
      { state: 'delivered' },
      { state: 'delivered', channel: 'realtime' },
      { state: 'seen' },
      { state: 'read' },
      { state: 'failed', reason: 'Unregistered', detail: { advice: 'Delete the token.' } },
      { state: 'failed', channel: 'email' },
      { state: 'pending', channel: 'email', detail: { learned: { worked: 1, failed: 3 } } },
    ];
    expect(new Set(rows.map(({ state }) => state)).size).toBe(states.length - 3);
    expect(rows.map(say).join('\n')).toMatchInlineSnapshot(`
      "It goes by push at once.
      It goes by push 7 seconds after hop 1 unless the person has acknowledged it, or once hop 1 has failed.
      It goes by mail only once hop 2 has failed.
      It goes by SMS 10 minutes after hop 2 unless the person has read it, or once hop 2 has failed.
      It is held until 07:00 on 2 December 2026 (UTC).
      It was handed over by push, and accepted; that it arrived is not known.
      It is in the person's stream.
      It was handed over by SMS, and accepted; that it arrived is not known. It took 2 parts.
      It was handed over by push, and accepted; that it arrived is not known.
      It was delivered by push.
      An open app of the person has got it.
      The person has seen it.
      The person has read it.
      It could not be delivered by push: Unregistered. Delete the token.
      It could not be delivered by mail: no reason was given.
      It goes by mail at once. It stands behind other ways because 3 of the last 4 failed."
    `);
  });

  test('is whole sentences whatever parameters are missing', () => {
    for (const reason of hubReasons)
      for (const state of states)
        for (const channel of channels) {
          const sentence = words({ state, channel, reason });
          expect(sentence, `${state} ${channel} ${reason}`).toMatch(/^[A-Z][^{}[\]]*\.$/);
          expect(sentence).not.toMatch(/undefined|NaN|null/);
        }
    for (const channel of addressed) expect(words({ state: 'failed', channel, reason: 'x' })).toContain('x');
  });
});

test('lengths of time', () => {
  expect([900_000, 3_600_000, 86_400_000, 1000, 2500, 5_400_000].map(spanWords)).toEqual([
    '15 minutes',
    '1 hour',
    '1 day',
    '1 second',
    '2.5 seconds',
    '90 minutes',
  ]);
});
