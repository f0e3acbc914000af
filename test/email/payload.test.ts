import { describe, expect, test } from 'vitest';
import { messageIdOf, threadRootOf } from '../../src/email/message-id.ts';
import { type MailContent, mailContent } from '../../src/email/payload.ts';
import type { Delivery, Notification } from '../../src/push/push.ts';

const notification = (fields: object): Notification => ({ tokens: [], platform: 7, ...fields });

function contentOf(fields: object): MailContent {
  const content = mailContent(notification(fields));
  if ('failed' in content) throw new Error(content.failed.error);
  return content;
}

test('a notification becomes a subject, a text and a page', () => {
  const content = contentOf({ title: 'Order 17', message: 'Ready <now>\n& "hot"', url: 'https://x.example/?a=1&b=2' });
  expect(content).toMatchObject({ subject: 'Order 17', text: 'Ready <now>\n& "hot"\n\nhttps://x.example/?a=1&b=2' });
  expect(content.html).toContain('<p>Ready &lt;now&gt;<br>&amp; &quot;hot&quot;</p>');
  expect(content.html).toContain('<a href="https://x.example/?a=1&amp;b=2">');
});

test('fields of mail lie over the others', () => {
  const email = { subject: 'S', text: 'T', html: '<b>H</b>', reply_to: 'Help <help@example.com>' };
  expect(contentOf({ title: 'a', message: 'b', url: 'https://x.example', email })).toMatchObject({
    subject: 'S',
    text: 'T',
    html: '<b>H</b>',
    replyTo: { name: 'Help', address: 'help@example.com' },
  });
});

test('the subject is the first line, without characters that could begin a header', () => {
  expect(contentOf({ title: 'Hi\r\nBcc: eve@example.com', message: 'm' }).subject).toBe('Hi');
  expect(contentOf({ title: 'Hi\u2028\u0000\tthere', message: 'm' }).subject).toBe('Hi there');
  expect(contentOf({ message: '\n\nfirst\nsecond' }).subject).toBe('first');
  expect(contentOf({ title: 'x'.repeat(5000), message: 'm' }).subject).toHaveLength(250);
});

test('a link that is no address of the web is shown and does nothing', () => {
  const { html } = contentOf({ message: 'm', url: 'javascript:alert(1)' });
  expect(html).toContain('javascript:alert(1)');
  expect(html).not.toContain('href');
});

describe('headers of the request', () => {
  test('go out on one line each, with those that stop out-of-office replies', () => {
    const headers = { 'List-Unsubscribe': '<https://x.example/u>\r\nBcc: eve@example.com' };
    expect(contentOf({ message: 'm', email: { headers } }).headers).toEqual({
      'List-Unsubscribe': '<https://x.example/u> Bcc: eve@example.com',
      'Auto-Submitted': 'auto-generated',
      'X-Auto-Response-Suppress': 'All',
    });
  });

  test.each([
    ['Bcc', 'eve@example.com'],
    ['from', 'eve@example.com'],
    ['Content-Type', 'text/plain'],
    ['Message-ID', '<1@example.com>'],
    ['Auto-Submitted', 'no'],
    ['X-A: 1\r\nBcc', 'eve@example.com'],
    ['', 'x'],
    ['X-A', 7],
    ['X-A', 'x'.repeat(2001)],
  ])('are refused where they are the relay’s, or malformed: %j', (name, value) => {
    const content = mailContent(notification({ message: 'm', email: { headers: { [name]: value } } }));
    expect(content).toMatchObject({ failed: { category: 'invalid_request', reason: 'InvalidHeader' } });
  });
});

test('what has nothing to say is not sent', () => {
  expect(mailContent(notification({}))).toMatchObject({ failed: { reason: 'MissingText' } });
  expect(mailContent(notification({ message: 'm', email: { reply_to: 'nowhere' } }))).toMatchObject({
    failed: { reason: 'InvalidReplyTo' },
  });
});

describe('a Message-ID', () => {
  const delivery = (fields: object, requestId?: string): Delivery => ({
    notification: notification(fields),
    kind: 'token',
    targets: [],
    environment: 'production',
    attempt: 0,
    ...(requestId === undefined ? {} : { requestId }),
  });
  const idOf = (of: Delivery, target = 'ada@example.com', digest = 'd') => messageIdOf(of, target, digest, 'x.example');

  test('is the same for each attempt of a mail, after a restart too', () => {
    expect(idOf(delivery({ notif_id: 'order-17' }, 'r1'))).toMatch(/^<order-17\.[\w-]{22}@x\.example>$/);
    expect(idOf(delivery({ notif_id: 'order-17' }, 'r1'))).toBe(idOf(delivery({ notif_id: 'order-17' }, 'r1')));
    const probe = delivery({});
    expect(idOf(probe)).toBe(idOf(probe));
  });

  test('differs by receiver, content and request', () => {
    const one = delivery({ notif_id: 'a' }, 'r1');
    const ids = [
      idOf(one),
      idOf(one, 'bob@example.com'),
      idOf(one, undefined, 'e'),
      idOf(delivery({ notif_id: 'a' }, 'r2')),
      idOf(delivery({ notif_id: 'b' }, 'r1')),
      idOf(delivery({}, 'r1')),
    ];
    expect(new Set(ids).size).toBe(ids.length);
  });

  test('holds no character of an id that could end it', () => {
    expect(idOf(delivery({ notif_id: '1>\r\nBcc: x@y.z' }, 'r1'))).toMatch(/^<[\w-]{22}\.[\w-]{22}@x\.example>$/);
  });

  test('of a thread’s root is the same for each mail of the thread, and for no other app', () => {
    expect(threadRootOf('a', 't', 'x.example')).toBe(threadRootOf('a', 't', 'x.example'));
    expect(threadRootOf('a', 't', 'x.example')).not.toBe(threadRootOf('b', 't', 'x.example'));
  });
});
