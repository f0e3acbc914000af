import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { email } from '../../src/email/provider.ts';
import { providerTable } from '../../src/providers/registry.ts';
import { type Sandbox, startSandbox } from '../../src/providers/start-sandbox.ts';

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await startSandbox({ providers: providerTable([email]) });
});
afterAll(() => sandbox.close());

const settings = () =>
  sandbox.providers.get('email')?.settings as { [key in 'username' | 'password']: string } & { port: number };

/** The last line of the next answer. */
async function answerOf(socket: Socket): Promise<string> {
  let text = '';
  while (!/^\d{3} .*\r\n$/m.test(text)) text += String((await once(socket, 'data'))[0]);
  return text.trim().split('\r\n').at(-1) as string;
}

async function say(socket: Socket, line: string): Promise<string> {
  const answer = answerOf(socket);
  socket.write(`${line}\r\n`);
  return answer;
}

async function open(): Promise<Socket> {
  const { port } = settings();
  const socket = connect(port, '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  await answerOf(socket);
  return socket;
}

/** With TLS and an account. */
async function signedIn(): Promise<Socket> {
  const plain = await open();
  await say(plain, 'EHLO test');
  await say(plain, 'STARTTLS');
  const socket = connectTls({ socket: plain, ca: sandbox.ca, servername: 'localhost' });
  await once(socket, 'secureConnect');
  const { username, password } = settings();
  await say(socket, 'EHLO test');
  const account = Buffer.from(`\0${username}\0${password}`).toString('base64');
  expect(await say(socket, `AUTH PLAIN ${account}`)).toMatch(/^235 /);
  return socket;
}

test('nothing is taken before EHLO, TLS and a sign-in', async () => {
  const socket = await open();
  expect(await say(socket, 'MAIL FROM:<relay@sandbox.example>')).toBe('503 5.5.1 EHLO first');
  await say(socket, 'EHLO test');
  expect(await say(socket, 'MAIL FROM:<relay@sandbox.example>')).toBe('530 5.7.0 STARTTLS first');
  expect(await say(socket, 'AUTH PLAIN AAAA')).toBe('538 5.7.11 encryption required');
});

test('a wrong password is refused, and nothing is taken without one', async () => {
  const plain = await open();
  await say(plain, 'EHLO test');
  await say(plain, 'STARTTLS');
  const socket = connectTls({ socket: plain, ca: sandbox.ca, servername: 'localhost' });
  await once(socket, 'secureConnect');
  await say(socket, 'EHLO test');
  expect(await say(socket, `AUTH PLAIN ${Buffer.from('\0sandbox\0wrong').toString('base64')}`)).toMatch(
    /^535 5\.7\.8 /,
  );
  expect(await say(socket, 'MAIL FROM:<relay@sandbox.example>')).toBe('530 5.7.0 sign in first');
});

test('commands have their order, and addresses their form', async () => {
  const socket = await signedIn();
  expect(await say(socket, 'VRFY ada')).toMatch(/^502 /);
  expect(await say(socket, 'RCPT TO:<ada@example.com>')).toMatch(/^503 /);
  expect(await say(socket, 'MAIL FROM:<other@example.com>')).toMatch(/^553 5\.7\.1 /);
  expect(await say(socket, 'MAIL FROM:<relay@sandbox.example>')).toMatch(/^250 /);
  expect(await say(socket, 'MAIL FROM:<relay@sandbox.example>')).toMatch(/^503 /);
  expect(await say(socket, 'DATA')).toMatch(/^503 /);
  expect(await say(socket, 'RCPT TO:<nonsense>')).toMatch(/^553 5\.1\.3 /);
});

describe('a mail is refused', () => {
  const HEADER = [
    ...['From: relay@sandbox.example', 'Date: Mon, 05 Jan 2026 12:00:00 +0000', 'Message-ID: <a@b>'],
    ...['To: ada@example.com', 'Subject: x', 'MIME-Version: 1.0'],
  ];
  const mail = (header: readonly string[], body = 'hi') => [...header, '', body, '.'].join('\r\n');

  test.each([
    ['with a line feed alone', mail(HEADER, 'one\ntwo'), '550 5.6.0 bare CR or LF'],
    ['with a line of 999 characters', mail(HEADER, 'x'.repeat(999)), '500 5.6.0 line too long'],
    ['without a subject', mail(HEADER.filter((line) => !line.startsWith('Subject'))), '550 5.6.0 exactly one subject'],
    ['with two senders', mail([...HEADER, 'From: x@y.z']), '550 5.6.0 exactly one from'],
    [
      'that names another receiver',
      mail(HEADER.map((line) => (line.startsWith('To') ? 'To: bob@example.com' : line))),
      '550 5.6.0 To is not the receiver',
    ],
  ])('%s', async (_, text, expected) => {
    const socket = await signedIn();
    await say(socket, 'MAIL FROM:<relay@sandbox.example>');
    await say(socket, 'RCPT TO:<ada@example.com>');
    expect(await say(socket, 'DATA')).toMatch(/^354 /);
    expect(await say(socket, text)).toContain(expected);
  });

  test('and is taken when all is right', async () => {
    const socket = await signedIn();
    await say(socket, 'MAIL FROM:<relay@sandbox.example>');
    await say(socket, 'RCPT TO:<ada@example.com>');
    await say(socket, 'DATA');
    expect(await say(socket, mail(HEADER, 'x'.repeat(998)))).toBe('250 2.0.0 queued');
  });
});
