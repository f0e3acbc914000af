import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { makeAuthority } from '../../src/sandbox/certificates.ts';
import { type MailServerOptions, startMailServer } from './mail-server.ts';
import { mailTransport, outcomesOf } from './mail-transport.ts';

const HI = { title: 'Hi', message: 'there' };

test('each receiver has a verdict of its own: one dead address of three is one dead address', async () => {
  await using server = await startMailServer({
    onReceiver: (address) => (address.startsWith('gone') ? '550 5.1.1 no such user' : undefined),
  });
  await using sender = mailTransport({ port: server.port });
  const outcomes = await outcomesOf(sender, ['ada@example.com', 'gone@example.com', 'bob@example.com'], HI);
  expect(outcomes).toMatchObject([
    { kind: 'accepted' },
    { kind: 'failed', category: 'invalid_token', reason: '5.1.1', status: 550 },
    { kind: 'accepted' },
  ]);
  expect(server.taken.map(({ to }) => to).toSorted()).toEqual([['ada@example.com'], ['bob@example.com']]);
});

test('greylisting is tried again later, and the same mail is taken then', async () => {
  await using server = await startMailServer({
    onReceiver: (_, count) => (count === 1 ? '451 4.7.1 greylisted' : undefined),
  });
  await using sender = mailTransport({ port: server.port });
  expect(await outcomesOf(sender, ['ada@example.com'], HI)).toMatchObject([
    { kind: 'failed', category: 'unavailable', reason: '4.7.1', status: 451 },
  ]);
  expect(await outcomesOf(sender, ['ada@example.com'], HI, { attempt: 1 })).toMatchObject([{ kind: 'accepted' }]);
});

test('a refusal after the final dot is an answer', async () => {
  await using server = await startMailServer({ onMail: () => '554 5.6.0 not this one' });
  await using sender = mailTransport({ port: server.port });
  expect(await outcomesOf(sender, ['ada@example.com'], HI)).toMatchObject([
    { category: 'invalid_request', reason: '5.6.0', status: 554 },
  ]);
});

test('a cut after the final dot is unanswered, and its repeat has the same Message-ID', async () => {
  await using server = await startMailServer({ onMail: (_, count) => (count === 1 ? 'cut' : undefined) });
  await using sender = mailTransport({ port: server.port });
  expect(await outcomesOf(sender, ['ada@example.com'], HI)).toMatchObject([
    { category: 'unanswered', reason: 'ConnectionLost' },
  ]);
  expect(server.taken).toHaveLength(1);
  const [repeated] = await outcomesOf(sender, ['ada@example.com'], HI, { attempt: 1 });
  const ids = server.taken.map(({ raw }) => /^Message-ID: (.*)\r$/m.exec(raw.toString())?.[1]);
  expect(ids[0]).toBeDefined();
  expect(ids).toEqual([ids[0], ids[0]]);
  expect(repeated).toMatchObject({ kind: 'accepted', providerId: ids[0] });
});

test('a slow server is waited for, one that takes too long is unanswered', async () => {
  await using server = await startMailServer({
    onMail: async ({ to }) => {
      await sleep(to[0]?.startsWith('slow') ? 300 : 900);
      return undefined;
    },
  });
  await using sender = mailTransport({ port: server.port, request_timeout: 0.6, connections: 1 });
  expect(await outcomesOf(sender, ['never@example.com'], HI)).toMatchObject([{ reason: 'Timeout' }]);
  await using patient = mailTransport({ port: server.port });
  expect(await outcomesOf(patient, ['slow@example.com'], HI)).toMatchObject([{ kind: 'accepted' }]);
});

describe('STARTTLS', () => {
  test('is used before anything of the mail is said', async () => {
    await using server = await startMailServer();
    await using sender = mailTransport({ host: 'localhost', port: server.port, tls: 'starttls' }, server);
    expect(await outcomesOf(sender, ['ada@example.com'], HI)).toMatchObject([{ kind: 'accepted' }]);
    expect(server.taken.map(({ secure }) => secure)).toEqual([true]);
  });

  test('that a server lacks, or that something on the way strips, means no mail', async () => {
    await using server = await startMailServer({ disabledCommands: ['STARTTLS'] });
    await using hidden = await startMailServer({ hideSTARTTLS: true });
    await using sender = mailTransport({ port: server.port, tls: 'starttls' }, server);
    expect(await outcomesOf(sender, ['ada@example.com'], HI)).toMatchObject([
      { category: 'credential', reason: 'TlsRequired', stopsLane: true },
    ]);
    // A server that only does not mention it is asked all the same.
    await using asking = mailTransport({ host: 'localhost', port: hidden.port, tls: 'starttls' }, hidden);
    expect(await outcomesOf(asking, ['ada@example.com'], HI)).toMatchObject([{ kind: 'accepted' }]);
    expect(server.taken).toEqual([]);
    expect(hidden.taken.map(({ secure }) => secure)).toEqual([true]);
  });

  test('is left out where it is opportunistic and not offered', async () => {
    await using server = await startMailServer({ disabledCommands: ['STARTTLS'] });
    await using sender = mailTransport({ port: server.port, tls: 'opportunistic' }, server);
    expect(await outcomesOf(sender, ['ada@example.com'], HI)).toMatchObject([{ kind: 'accepted' }]);
  });
});

describe('a certificate', () => {
  test.each(['starttls', 'implicit', 'opportunistic'] as const)('of another name means no mail: %s', async (tls) => {
    await using server = await startMailServer({ names: ['mail.example.org'], secure: tls === 'implicit' });
    await using sender = mailTransport({ host: 'localhost', port: server.port, tls }, server);
    expect(await outcomesOf(sender, ['ada@example.com'], HI)).toMatchObject([
      { category: 'credential', reason: 'CertificateInvalid', stopsLane: true },
    ]);
    expect(server.taken).toEqual([]);
  });

  test('of an authority that is not ours means no mail', async () => {
    await using server = await startMailServer();
    const strange = makeAuthority('another');
    await using sender = mailTransport({ host: 'localhost', port: server.port, tls: 'starttls' }, strange);
    expect(await outcomesOf(sender, ['ada@example.com'], HI)).toMatchObject([{ reason: 'CertificateInvalid' }]);
  });

  test('that is right serves TLS from the first byte', async () => {
    await using server = await startMailServer({ secure: true });
    await using sender = mailTransport({ host: 'localhost', port: server.port, tls: 'implicit' }, server);
    expect(await outcomesOf(sender, ['ada@example.com'], HI)).toMatchObject([{ kind: 'accepted' }]);
  });
});

describe('a sign-in', () => {
  const accounts: MailServerOptions = {
    authOptional: false,
    authMethods: ['LOGIN', 'PLAIN'],
    onAuth: ({ username, password }, _, done) => {
      if (username === 'relay' && password === 'pässword') done(null, { user: 'relay' });
      else done(Object.assign(new Error('5.7.8 user relay or password wrong'), { responseCode: 535 }));
    },
  };

  test('lets mails through', async () => {
    await using server = await startMailServer(accounts);
    const login = { username: 'relay', password: 'pässword' };
    await using sender = mailTransport({ host: 'localhost', port: server.port, tls: 'starttls', ...login }, server);
    expect(await outcomesOf(sender, ['ada@example.com'], HI)).toMatchObject([{ kind: 'accepted' }]);
  });

  test('that is refused, or missing, stops the lane', async () => {
    await using server = await startMailServer(accounts);
    const where = { host: 'localhost', port: server.port, tls: 'starttls' } as const;
    await using wrong = mailTransport({ ...where, username: 'relay', password: 'wrong' }, server);
    const [refused] = await outcomesOf(wrong, ['ada@example.com'], HI);
    expect(refused).toMatchObject({ category: 'credential', status: 535, stopsLane: true });
    expect(refused?.kind === 'failed' && refused.error).not.toContain('relay');
    await using none = mailTransport(where, server);
    expect(await outcomesOf(none, ['ada@example.com'], HI)).toMatchObject([{ category: 'credential', status: 530 }]);
  });
});

test('connections are kept, and one that the server has closed costs no mail', async () => {
  await using server = await startMailServer();
  await using sender = mailTransport({ port: server.port, connections: 2 });
  const targets = Array.from({ length: 20 }, (_, index) => `user${index}@example.com`);
  expect((await outcomesOf(sender, targets, HI)).every(({ kind }) => kind === 'accepted')).toBe(true);
  expect(server.connections()).toBeLessThanOrEqual(2);
  server.dropConnections();
  expect((await outcomesOf(sender, targets, HI)).every(({ kind }) => kind === 'accepted')).toBe(true);
  expect(server.taken).toHaveLength(40);
});

test('a server that is not there is not_sent', async () => {
  const { port } = await (async () => {
    await using server = await startMailServer();
    return server;
  })();
  await using sender = mailTransport({ port });
  expect(await outcomesOf(sender, ['ada@example.com'], HI)).toMatchObject([
    { category: 'not_sent', reason: 'ConnectionFailed', error: 'no connection: ECONNREFUSED' },
  ]);
});
