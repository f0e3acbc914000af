import { describe, expect, test } from 'vitest';
import { type HopDecision, hubReasons, states } from '../../../src/hub/notifications/decision.ts';
import { adviceOnReason, reasonAdvice } from '../../../src/hub/notifications/reason-advice.ts';
import { spanWords, words } from '../../../src/hub/notifications/words.ts';
import { addressed, channels } from '../../../src/hub/words/channel.ts';
import { categories } from '../../../src/push/push.ts';

const until = Date.parse('2026-12-02T07:00:00Z');
const berlin = { timezone: 'Europe/Berlin', timezone_source: 'device' } as const;

type Told = Partial<HopDecision>;
const say = (told: Told): string => words({ state: 'suppressed', channel: 'push', ...told });

describe('why, in words', () => {
  test('each reason', () => {
    const rows: [string, Told][] = [
      ['scheduled', { state: 'deferred', until }],
      ['scheduled', { state: 'deferred', until, detail: { held_until: until + 3_600_000 } }],
      ['user_disabled', {}],
      ['channel_disabled', { detail: { by: 'person', never: true } }],
      ['channel_disabled', { detail: { by: 'person', never: false } }],
      ['channel_disabled', { detail: { by: 'device' } }],
      ['type_disabled', { detail: { pattern: 'incident.*' } }],
      ['type_disabled', { detail: { pattern: '*' } }],
      ['severity_filtered', { detail: { severity: 'SEV-3' } }],
      ['status_filtered', { detail: { status: 'open' } }],
      ['quiet_hours', { state: 'deferred', until, detail: { ...berlin, then: 'hold', by: 'person' } }],
      ['quiet_hours', { state: 'deferred', until, detail: { ...berlin, by: 'person', held_until: until + 3_600_000 } }],
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
      ['unreadable', {}],
      ['unreadable', { channel: 'email' }],
      ['unreadable', { state: 'cancelled' }],
      ['throttled', { channel: 'sms', detail: { max: 5, per_ms: 900_000 } }],
      ['duplicate', {}],
      ['superseded', { state: 'cancelled' }],
      ['superseded', { state: 'cancelled', detail: { hop: 1 } }],
      ['digested', { state: 'deferred', until, detail: { digest: 'key:builds' } }],
      ['digested', { state: 'deferred', until, detail: { ...berlin, digest: 'quiet_hours' } }],
      ['digested', { state: 'deferred', until, detail: { ...berlin, digest: 'digested' } }],
      ['acked', { state: 'cancelled' }],
      ['acked', { state: 'cancelled', detail: { unless: 'seen' } }],
      ['read', { state: 'cancelled' }],
      ['resolved', { state: 'cancelled' }],
      ['not_configured', { channel: 'sms', detail: { platform: 'sms' } }],
      ['not_configured', { detail: { platform: 'huawei' } }],
      ['not_configured', { detail: { platform: 'ios', key: 'hub.push.mode' } }],
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
      "scheduled: The sender has set a time for it: it leaves at 07:00 on 2 December 2026 (UTC).
      scheduled: The sender has set a time for it: it waits until 08:00 on 2 December 2026 (UTC), and expires before that, at 07:00 on 2 December 2026 (UTC).
      user_disabled: The person has switched all notifications off.
      channel_disabled: The person has switched push off, for critical notifications too.
      channel_disabled: The person has switched push off.
      channel_disabled: Notifications are switched off for this device.
      type_disabled: The person does not want notifications of the type incident.* by push.
      type_disabled: The person does not want notifications of this type by push.
      severity_filtered: The person does not want notifications of the severity SEV-3.
      status_filtered: The person does not want notifications about the status open.
      quiet_hours: It is held until 08:00 on 2 December 2026 (Europe/Berlin, the device's zone) because of quiet hours of the person, and is sent then if it is still wanted.
      quiet_hours: It is held because of quiet hours of the person until 09:00 on 2 December 2026 (Europe/Berlin, the device's zone), and expires before that, at 08:00 on 2 December 2026 (Europe/Berlin, the device's zone).
      quiet_hours: It was not sent by push because of quiet hours of the device; it is in the person's inbox.
      quiet_hours: It is sent without sound because of quiet hours of the person.
      snoozed: It is held until 07:00 on 2 December 2026 (UTC, the zone of this hub) because of a snooze of the person, and is sent then if it is still wanted.
      snoozed: It was not sent by push because of a snooze of the person; it is in the person's inbox.
      no_consent: The person has not agreed to be reached by SMS.
      unsubscribed: The person has unsubscribed from SMS.
      unsubscribed: The person has reported mail of this sender as unwanted, so that no more is sent.
      unsubscribed: The person has unsubscribed from mail of the type news.
      bounced: What was sent to the person's mail address before came back, so that no more is sent to it.
      bounced: The person's Slack id does not exist.
      no_address: No mail address of the person is known.
      no_devices: The person has no device that can be sent to.
      stale_device: The app on this device has not been heard of for so long that nothing is sent to it.
      key_mismatch: This browser subscribed with a key that this server does not have.
      unreadable: What is kept of the person's device is damaged and cannot be read.
      unreadable: What is kept of the person's mail address is damaged and cannot be read.
      unreadable: What is kept of this notification is damaged and cannot be read.
      throttled: The person has got 5 notifications by SMS within 15 minutes, which is the limit.
      duplicate: The person has got this notification already.
      superseded: A later notification about the same has taken its place.
      superseded: It was not needed: the way before it (hop 1) had reached the person.
      digested: It is collected for a digest that leaves at 07:00 on 2 December 2026 (UTC): the sender has asked for it.
      digested: It is collected for a digest that leaves at 08:00 on 2 December 2026 (Europe/Berlin, the device's zone): quiet hours of the person ask for it.
      digested: It is collected for a digest that leaves at 08:00 on 2 December 2026 (Europe/Berlin, the device's zone): the person has asked for digests.
      acked: It was not needed: the person had acknowledged it before.
      acked: It was not needed: the person had seen it before.
      read: It was not needed: the person had read it before.
      resolved: It was not needed: what it is about was settled before.
      not_configured: This server is not set up to send by SMS: the app has no credential for it.
      not_configured: This server is not set up to send by push to huawei: the app has no credential for it.
      not_configured: This server sends no pushes: hub.push.mode is set to none.
      not_configured: This server is not set up to send it this way: ios.topic is not set.
      budget: What may be spent on SMS is used up.
      expired: It had expired before it was delivered.
      cancelled: The sender took it back before it left.
      erased: The person was deleted.
      unknown_user: There is no person with this id."
    `);
  });

  test('each state without a reason of ours', () => {
    const rows: Told[] = [
      { state: 'pending' },
      { state: 'pending', plan: { after: 1, unless: 'acked', wait_ms: 5000, delay_ms: 2000 } },
      { state: 'pending', until, plan: { after: 1, unless: 'acked', wait_ms: 5000, delay_ms: 2000 } },
      { state: 'pending', channel: 'email', plan: { after: 2, unless: 'seen' } },
      { state: 'pending', isHanded: true },
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
      ...categories.map((category): Told => ({ state: 'failed', reason: 'Word', detail: { category } })),
      { state: 'failed', channel: 'email', reason: '5.1.1', detail: { category: 'invalid_token' } },
      { state: 'pending', channel: 'email', detail: { learned: { worked: 1, failed: 3 } } },
    ];
    expect(new Set(rows.map(({ state }) => state)).size).toBe(states.length - 3);
    expect(rows.map(say).join('\n')).toMatchInlineSnapshot(`
      "It goes by push at once.
      It goes by push 7 seconds after the way before it (hop 1), or as soon as that has failed, unless the person has acknowledged it by then.
      It goes by push at 07:00 on 2 December 2026 (UTC), or as soon as the way before it (hop 1) has failed, unless the person has acknowledged it by then.
      It goes by mail only if the way before it (hop 2) fails.
      It is on its way by push: no answer has come yet.
      It goes by SMS 10 minutes after the way before it (hop 2), or as soon as that has failed, unless the person has read it by then.
      It is looked at again at 07:00 on 2 December 2026 (UTC), and leaves then if it is still wanted.
      The provider has accepted it by push; that it arrived is not known.
      It is in the person's stream and inbox; no app of the person has said that it has it.
      The provider has accepted it by SMS; that it arrived is not known. It took 2 parts.
      The provider has accepted it by push; that it arrived is not known. It made no sound because of quiet hours of the person.
      It was delivered by push.
      An open app of the person has got it.
      The person has seen it.
      The person has read it.
      It could not be delivered by push: Unregistered. Delete the token.
      It could not be delivered by mail: no reason was given.
      The provider says that this device takes no more pushes (Word).
      The provider refused it as it is (Word).
      The provider does not accept the credential of this server (Word).
      The provider does not accept the credential of this server (Word).
      The provider could not be reached or did not take it (Word).
      The provider could not be reached or did not take it (Word).
      The provider did not answer (Word); whether it arrived is not known.
      It could not be delivered by push: Word.
      It could not be delivered by push: Word.
      It could not be delivered by push: Word.
      It could not be delivered by push: Word.
      The provider says that the person's mail address takes no messages (5.1.1).
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

test('each reason has a sentence of its own, and what can be done about it is a sentence, too', () => {
  const sentences = hubReasons.map((reason) => words({ state: 'suppressed', channel: 'push', reason }));
  expect(new Set(sentences).size).toBe(hubReasons.length);
  for (const advice of Object.values(reasonAdvice)) if (advice !== undefined) expect(advice).toMatch(/^[A-Z`].+\.$/);
});

test('what has happened has no advice about the reason that it was planned with', () => {
  expect(adviceOnReason({ state: 'sent', reason: 'quiet_hours' })).toBeUndefined();
  expect(adviceOnReason({ state: 'deferred', reason: 'quiet_hours' })).toContain('critical');
  expect(adviceOnReason({ state: 'failed', reason: 'Unregistered' })).toBeUndefined();
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
