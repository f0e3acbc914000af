import { describe, expect, test } from 'vitest';
import { mailContent } from '../../../../src/email/payload.ts';
import type { AcceptedNotification } from '../../../../src/hub/notifications/decide-input.ts';
import { type AddressedVariant, messageOf } from '../../../../src/hub/notifications/render/addressed.ts';
import { eventPayload } from '../../../../src/hub/notifications/render/event.ts';
import type { AddressedChannel } from '../../../../src/hub/words/channel.ts';
import { builtIn } from '../../../../src/providers/registry.ts';
import type { Notification } from '../../../../src/push/push.ts';
import { slackMessage } from '../../../../src/slack/payload.ts';
import { smsText } from '../../../../src/sms/payload.ts';
import { input, NOON, policy } from '../decide-cases.ts';

const whole: AcceptedNotification = {
  ...input().notification,
  priority: 'high',
  url: 'https://example.com/i/1',
  thread: 'db-3',
  data: { room: 'db-3' },
};

const render = (
  channel: AddressedChannel,
  changes: Partial<AcceptedNotification> = {},
  variant: Partial<AddressedVariant> = {},
): Notification => {
  const made = messageOf({ notification: { ...whole, ...changes }, policy }, { channel, languages: [], ...variant });
  const decoded = builtIn.decoder.decode(JSON.stringify({ notifications: [made] }));
  if (!decoded.ok) throw new Error(JSON.stringify(decoded.details));
  expect(decoded.notifications).toEqual([made]);
  return made;
};
const mail = (notification: Notification) => {
  const content = mailContent(notification);
  if ('failed' in content) throw new Error(content.failed.error);
  return content;
};

describe('a mail', () => {
  test('has the title as its subject, the message and the link as its text', () => {
    expect(mail(render('email'))).toMatchObject({
      subject: 'Disk full',
      text: 'db-3 has 2 % left\n\nhttps://example.com/i/1',
      html: expect.stringContaining('<p>db-3 has 2 % left</p>'),
    });
    expect(render('email')).toMatchObject({ notif_id: 'n1', thread_id: 'db-3', platform: 7, tokens: [] });
  });

  test('can be unsubscribed from with one click, unless it is critical', () => {
    const unsubscribeUrl = 'https://push.example.com/u/x';
    expect(mail(render('email', {}, { unsubscribeUrl })).headers).toMatchObject({
      'List-Unsubscribe': '<https://push.example.com/u/x>',
      'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click',
    });
    expect(render('email', { priority: 'critical' }, { unsubscribeUrl })).not.toHaveProperty('email');
    expect(render('email')).not.toHaveProperty('email');
  });

  test("has the sender's own parts, and keeps the way out", () => {
    const overrides = { email: { subject: 's', html: '<p>h</p>', headers: { 'X-Team': 'ops' } } };
    expect(mail(render('email', { overrides }, { unsubscribeUrl: 'https://e.example/u/x' }))).toMatchObject({
      subject: 's',
      html: '<p>h</p>',
      headers: { 'X-Team': 'ops', 'List-Unsubscribe': '<https://e.example/u/x>' },
    });
  });
});

describe('an SMS', () => {
  test('is title, message and link on a line each', () => {
    expect(smsText(render('sms'), 3)).toBe('Disk full\ndb-3 has 2 % left\nhttps://example.com/i/1');
    expect(smsText(render('sms', { overrides: { sms: { text: 'own' } } }), 3)).toBe('own');
    expect(render('sms', { expires_at: '2026-12-01T12:10:00.000Z' }).expiration).toBe(NOON / 1000 + 600);
  });
});

describe('a message to Slack', () => {
  test('is the title in bold, the message and the link; its data has no markup', () => {
    const message = slackMessage(render('slack', { message: '<!channel> & co' }));
    expect(message).toEqual({ text: '*Disk full*\n&lt;!channel&gt; &amp; co\n<https://example.com/i/1>' });
  });

  test("has the sender's blocks", () => {
    expect(slackMessage(render('slack', { overrides: { slack: { blocks: [{ type: 'divider' }] } } }))).toMatchObject({
      blocks: [{ type: 'divider' }],
    });
  });
});

describe('what must not go out', () => {
  const secret = {
    title: 'SECRET',
    message: 'SECRET',
    url: 'https://SECRET.example',
    thread: 'SECRET',
    overrides: {
      email: { subject: 'SECRET', html: 'SECRET', text: 'SECRET', headers: { 'X-A': 'SECRET' } },
      sms: { text: 'SECRET' },
      slack: { text: 'SECRET', blocks: [{ text: 'SECRET' }] },
    },
  };

  test.each(['email', 'sms', 'slack'] as const)('%s: a neutral text', (channel) => {
    for (const how of [{ confidential: true }, { redact: { [channel]: ['*'] } }]) {
      const made = render(channel, { ...secret, ...how });
      expect(JSON.stringify(made)).not.toContain('SECRET');
      expect(made.message).toBe('New notification');
    }
    const redact = { [channel]: ['message', 'url'] };
    const made = render(channel, { ...secret, title: 'Title', thread: 'thread', redact });
    expect(made.title).toBe('Title');
    expect(JSON.stringify({ ...made, email: { ...(made as { email?: object }).email, subject: '' } })).not.toContain(
      'SECRET',
    );
  });
});

describe('the event in the stream', () => {
  test('has what the person may know, whatever other channels may not carry', () => {
    expect(eventPayload({ notification: { ...whole, confidential: true, severity: 'SEV-1' }, policy }, [])).toEqual({
      id: 'n1',
      type: 'incident.created',
      priority: 'high',
      severity: 'SEV-1',
      title: 'Disk full',
      message: 'db-3 has 2 % left',
      url: 'https://example.com/i/1',
      thread: 'db-3',
      data: {
        room: 'db-3',
        type: 'incident.created',
        url: 'https://example.com/i/1',
        notification_id: 'n1',
      },
      created_at: '2026-12-01T12:00:00.000Z',
    });
  });

  test("leaves out what is redacted for it, and is in the person's language", () => {
    const notification = {
      ...whole,
      severity: 'SEV-1',
      redact: { realtime: ['data.room', 'severity'] },
      locales: { de: { title: 'Platte voll' } },
    };
    const event = eventPayload({ notification, policy }, ['de-AT']);
    expect(event).toMatchObject({ title: 'Platte voll', locale: 'de' });
    expect(event).not.toHaveProperty('severity');
    expect(event.data).not.toHaveProperty('room');
  });
});
