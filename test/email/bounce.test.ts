import { describe, expect, test } from 'vitest';
import { NO_LATE_OUTCOMES, type ReceiptVerdict } from '../../src/carrier/late-outcomes.ts';
import type { CallbackRequest } from '../../src/carrier/provider-row.ts';
import { answerBounce, bounceIn } from '../../src/email/bounce.ts';
import type { EmailSection } from '../../src/email/section.ts';

const SECRET = 'a-secret-of-enough-characters';
const OURS = '<n1.abc@example.com>';

/** As Postfix writes it, with the headers of the mail that came back. */
const notification = (action: string, status: string, original = `Message-ID: ${OURS}`): string =>
  [
    'From: MAILER-DAEMON@mx.example.com',
    'Message-ID: <20260101.own@mx.example.com>',
    'Content-Type: multipart/report; report-type=delivery-status; boundary="b"',
    '',
    '--b',
    'Content-Type: message/delivery-status',
    '',
    'Reporting-MTA: dns; mx.example.com',
    '',
    'Final-Recipient: rfc822; ann@example.org',
    `Action: ${action}`,
    `Status: ${status}`,
    'Diagnostic-Code: smtp; 550 5.1.1 <ann@example.org>: unknown',
    '',
    '--b',
    'Content-Type: text/rfc822-headers',
    '',
    original,
    'Subject: hi',
    '--b--',
  ].join('\r\n');

describe('a delivery status notification', () => {
  test('of a dead address says so about the mail that it quotes, without the address', () => {
    const bounce = bounceIn(notification('failed', '5.1.1'));
    expect(bounce).toMatchObject({
      messageId: OURS,
      verdict: { kind: 'failed', category: 'invalid_token', reason: '5.1.1' },
    });
    expect(JSON.stringify(bounce)).not.toContain('ann@');
  });

  test.each([
    ['delivered', '2.0.0', 'delivered'],
    ['delayed', '4.4.1', 'sent'],
    ['relayed', '2.0.0', 'sent'],
  ])('with action %s', (action, status, kind) => {
    expect(bounceIn(notification(action, status))).toMatchObject({ messageId: OURS, verdict: { kind } });
  });

  test('that a server gave up after its patience is no dead address', () => {
    const verdict = bounceIn(notification('failed', '4.4.7'))?.verdict as { category?: string; reason?: string };
    expect(verdict.reason).toBe('4.4.7');
    expect(verdict.category).not.toBe('invalid_token');
  });

  test('with a folded header is read', () => {
    expect(bounceIn(notification('failed', '5.1.1', `Message-ID:\r\n ${OURS}`))?.messageId).toBe(OURS);
  });

  test.each([
    ['that quotes no mail', notification('failed', '5.1.1', 'Subject: none')],
    ['with an unknown action', notification('eaten', '5.1.1')],
    ['that is an answer of a person', `Message-ID: <x@y>\r\n\r\nI am away.\r\nMessage-ID: ${OURS}`],
    ['that is empty', ''],
    ['that is nonsense', `\u0000${'Message-ID: <'.repeat(2000)}`],
  ])('%s is none', (_, text) => {
    expect(bounceIn(text)).toBeUndefined();
  });
});

describe('a complaint', () => {
  const report = (kind: string, original = `Message-ID: ${OURS}`) =>
    [
      'From: <abuse@example.net>\r\nMessage-ID: <theirs@example.net>',
      'Content-Type: multipart/report; report-type=feedback-report; boundary=b\r\n',
      '--b\r\nContent-Type: message/feedback-report\r\n',
      `Feedback-Type: ${kind}\r\nUser-Agent: SomeGenerator/1.0\r\nVersion: 1\r\n`,
      `--b\r\nContent-Type: message/rfc822\r\n\r\nFrom: <us@example.com>\r\n${original}\r\n\r\nHello\r\n--b--`,
    ].join('\r\n');

  test.each(['abuse', 'fraud', 'Abuse'])('of the type %s is a verdict about the mail that it quotes', (kind) => {
    expect(bounceIn(report(kind))).toMatchObject({
      messageId: OURS,
      verdict: { kind: 'failed', category: 'invalid_request', reason: 'Complaint' },
    });
  });

  test.each([
    ['of another type', report('not-spam')],
    ['that quotes no mail', report('abuse', 'Subject: none')],
  ])('%s is none', (_, text) => {
    expect(bounceIn(text)).toBeUndefined();
  });
});

function call(options: { secret?: string; authorization?: string; name?: string }) {
  const { secret = SECRET, authorization = `Bearer ${SECRET}`, name = 'bounces' } = options;
  const reports: [string, ReceiptVerdict][] = [];
  const request: CallbackRequest<EmailSection> = {
    app: 'default',
    name,
    section: { bounces: { secret } } as EmailSection,
    url: `/v1/callbacks/email/default/${name}`,
    headers: { authorization },
    body: Buffer.from(notification('failed', '5.1.1')),
  };
  const late = {
    ...NO_LATE_OUTCOMES,
    report: (_: string, id: string, verdict: ReceiptVerdict) => void reports.push([id, verdict]),
  };
  return { answer: answerBounce(request, late), reports };
}

describe('the callback', () => {
  test('reports a bounce once it is let in', () => {
    const { answer, reports } = call({});
    expect(answer).toEqual({ status: 204 });
    expect(reports).toMatchObject([[OURS, { kind: 'failed' }]]);
  });

  test.each([
    ['with another secret', { authorization: 'Bearer another' }, { status: 403 }],
    ['without a secret', { authorization: '' }, { status: 403 }],
    ['where none is configured', { secret: '', authorization: 'Bearer ' }, undefined],
    ['of another name', { name: 'other' }, undefined],
  ])('%s changes nothing', (_, options, expected) => {
    const { answer, reports } = call(options);
    expect(answer).toEqual(expected);
    expect(reports).toEqual([]);
  });
});
