import { describe, expect, test } from 'vitest';
import { PolicyRefusals } from '../../src/email/policy-refusals.ts';
import { faultOutcome, type MailFault, replyIn, tellable } from '../../src/email/verdict.ts';

const fault = (fields: Partial<MailFault>): MailFault => ({
  code: 'EENVELOPE',
  network: '',
  reply: '',
  command: 'RCPT TO',
  whole: false,
  ...fields,
});

const TARGET = 'ada.lovelace@example.com';
const outcomeOf = (fields: Partial<MailFault>) => faultOutcome(fault(fields), TARGET);

describe('an answer to RCPT', () => {
  test.each([
    ['550 5.1.1 no such user', 'invalid_token', '5.1.1', 550],
    ['550-5.1.1 no such user\r\n550 5.1.1 really', 'invalid_token', '5.1.1', 550],
    ['550 5.1.2 no such domain', 'invalid_token', '5.1.2', 550],
    ['553 5.1.3 malformed', 'invalid_token', '5.1.3', 553],
    ['551 5.1.6 moved', 'invalid_token', '5.1.6', 551],
    ['556 5.1.10 null MX', 'invalid_token', '5.1.10', 556],
    ['550 no such user', 'invalid_request', '550', 550],
    ['550 5.2.1 disabled', 'invalid_request', '5.2.1', 550],
    ['552 5.2.2 full', 'invalid_request', '5.2.2', 552],
    ['552 5.3.4 too big', 'invalid_request', '5.3.4', 552],
    ['501 5.5.4 syntax', 'invalid_request', '5.5.4', 501],
    ['550 5.9.9 never heard of', 'invalid_request', '5.9.9', 550],
    ['450 4.2.0 greylisted', 'unavailable', '4.2.0', 450],
    ['451 4.7.1 greylisted', 'unavailable', '4.7.1', 451],
    ['452 4.2.2 full', 'unavailable', '4.2.2', 452],
    ['421 closing', 'unavailable', '421', 421],
    ['450 5.1.1 a class that is not the code’s', 'unavailable', '450', 450],
    ['550 5.7.1 policy', 'credential', '5.7.1', 550],
    ['550 5.7.999 policy of tomorrow', 'credential', '5.7.999', 550],
  ])('%s', (reply, category, reason, status) => {
    const outcome = outcomeOf({ reply });
    expect(outcome).toMatchObject({ kind: 'failed', category, reason, status });
    expect(outcome.stopsLane).toBeUndefined();
  });
});

describe('what stops the lane at once', () => {
  test.each([
    ['a refused sign-in', { code: 'EAUTH', reply: '535 5.7.8 wrong', command: 'AUTH PLAIN' }, '5.7.8'],
    ['a sign-in that is wanted', { reply: '530 5.7.0 sign in first', command: 'MAIL FROM' }, '5.7.0'],
    ['no way to sign in', { code: 'EAUTH', command: 'API' }, 'SignInRefused'],
    ['a server without STARTTLS', { code: 'ETLS', reply: '502 what?', command: 'STARTTLS' }, 'TlsRequired'],
    ['a wrong certificate', { code: 'ESOCKET', network: 'ERR_TLS_CERT_ALTNAME_INVALID' }, 'CertificateInvalid'],
    ['an unknown authority', { code: 'ESOCKET', network: 'DEPTH_ZERO_SELF_SIGNED_CERT' }, 'CertificateInvalid'],
    ['a private address', { code: 'PrivateAddress', command: '' }, 'PrivateAddress'],
    ['a server that does not talk to us', { code: 'EPROTOCOL', reply: '554 5.7.1 blocked', command: 'CONN' }, '5.7.1'],
  ] as [string, Partial<MailFault>, string][])('%s', (_, fields, reason) => {
    expect(outcomeOf(fields)).toMatchObject({ category: 'credential', reason, stopsLane: true });
  });
});

test('a sender that is refused says nothing about the receiver', () => {
  expect(outcomeOf({ reply: '550 5.1.1 who are you', command: 'MAIL FROM' })).toMatchObject({
    category: 'credential',
    stopsLane: true,
  });
});

test('what does not work at the moment is tried again', () => {
  const later = { category: 'unavailable' };
  expect(outcomeOf({ code: 'EAUTH', reply: '454 4.7.0 later', command: 'AUTH LOGIN' })).toMatchObject(later);
  expect(outcomeOf({ code: 'ETLS', reply: '454 4.7.0 no TLS now', command: 'STARTTLS' })).toMatchObject(later);
  expect(outcomeOf({ code: 'EPROTOCOL', reply: '421 too many', command: 'CONN' })).toMatchObject(later);
});

describe('a lost connection', () => {
  test.each([
    ['before the whole mail', { code: 'ECONNECTION' }, 'not_sent', 'ConnectionFailed'],
    ['within the TLS handshake', { code: 'ETLS' }, 'not_sent', 'ConnectionFailed'],
    ['while the server is silent', { code: 'EABORT' }, 'not_sent', 'ConnectionFailed'],
    ['after the final dot', { code: 'ECONNECTION', whole: true }, 'unanswered', 'ConnectionLost'],
    ['by our patience, after the final dot', { code: 'EABORT', whole: true }, 'unanswered', 'Timeout'],
  ] as [string, Partial<MailFault>, string, string][])('%s', (_, fields, category, reason) => {
    expect(outcomeOf({ command: 'CONN', ...fields })).toMatchObject({ category, reason });
  });
});

test('what a server says is told without the receiver', () => {
  const said = tellable(`<${TARGET}>: user ADA.Lovelace (x@y.z) unknown\t\u0007\r\n; see https://help.example`, TARGET);
  expect(said).toBe('… user … … unknown ; see https://help.example');
  expect(tellable('x'.repeat(5000), TARGET)).toHaveLength(200);
  expect(outcomeOf({ code: 'EAUTH', reply: '535 5.7.8 user ada is wrong', command: 'AUTH PLAIN' }).error).not.toContain(
    'ada',
  );
});

test('what is no reply has no code', () => {
  expect(replyIn('')).toBeUndefined();
  expect(replyIn('SSH-2.0-OpenSSH')).toBeUndefined();
});

test('a policy of one domain spares the lane; five different ones in a row stop it', () => {
  const refusals = new PolicyRefusals();
  const refused = outcomeOf({ reply: '550 5.7.26 unauthenticated' });
  const judge = (domain: string) => refusals.judge(refused, domain);
  for (const domain of ['a.example', 'a.example', 'b.example', 'c.example', 'd.example'])
    expect(judge(domain)).toMatchObject({ sparesLane: true });
  refusals.judge(outcomeOf({ reply: '550 5.1.1 no' }), 'e.example');
  expect(judge('f.example')).toMatchObject({ stopsLane: true });
  refusals.judge({ kind: 'accepted' }, 'a.example');
  expect(judge('f.example')).toMatchObject({ sparesLane: true });
});
