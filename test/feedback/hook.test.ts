import { afterEach, describe, expect, test } from 'vitest';
import { createFeedbackHook, type FeedbackHook, type FeedbackHookOptions } from '../../src/feedback/hook.ts';
import { coreHook } from '../../src/feedback/hook-target.ts';
import { ACCEPTED } from '../../src/push/push.ts';
import { eventually } from '../support/eventually.ts';
import { failed, settlement } from '../support/settlement.ts';
import { answer, type Script, startHook } from './hook-server.ts';

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const FAST = { firstMs: 5, maxMs: 20 };

function hookOf(url: string, options: Partial<FeedbackHookOptions> = {}, config = {}) {
  const lines: string[] = [];
  const tell =
    (level: string) =>
    (message: string, fields = {}): void =>
      void lines.push(`${level} ${message} ${JSON.stringify(fields)}`);
  const log = { error: tell('error'), warn: tell('warn') };
  const core = { feedback_hook_url: url, feedback_timeout: 10, feedback_header: [], feedback_secret: [], ...config };
  const target = coreHook(core);
  const hook = createFeedbackHook({ hookOf: () => target, log, ...FAST, ...options });
  cleanups.push(() => hook.close());
  return { hook, lines };
}

async function start(script?: Script, options: Partial<FeedbackHookOptions> = {}, config = {}) {
  const server = await startHook(script);
  cleanups.push(() => server.close());
  return { server, ...hookOf(`${server.origin}/fb`, options, config) };
}

const fail = (hook: FeedbackHook, ...tokens: string[]): void =>
  hook.events.settled?.(
    settlement(
      tokens,
      tokens.map(() => failed()),
    ),
  );

describe('what the hook is told', () => {
  test('each failed target is a POST of its own, with the fields of Gorush and ours', async () => {
    const { server, hook } = await start();
    hook.events.settled?.(settlement(['a1', 'a2', 'a3'], [failed(), ACCEPTED, failed({ category: 'unavailable' })]));
    await hook.drain(5000);
    expect(server.tokens().sort()).toEqual(['a1', 'a3']);
    expect(server.calls.find(({ body }) => body.token === 'a1')).toMatchObject({
      path: '/fb',
      headers: { 'content-type': 'application/json; charset=utf-8' },
      body: {
        type: 'failed-push',
        platform: 'ios',
        token: 'a1',
        message: 'hi',
        error: 'Unregistered',
        status: 410,
        reason: 'Unregistered',
        category: 'invalid_token',
        invalid_token: true,
        retryable: false,
        attempts: 1,
        environment: 'production',
        request_id: 'r1',
      },
    });
    expect(hook.stats()).toEqual({ backlog: 0, sent: 2, failed: 0, dropped: 0 });
  });

  test('an accepted push is not told', async () => {
    const { server, hook } = await start();
    hook.events.settled?.(settlement(['a1']));
    await hook.drain(5000);
    expect(server.calls).toEqual([]);
  });

  test('texts are hidden from it when the log hides them', async () => {
    const { server, hook } = await start(undefined, { hideMessages: true });
    fail(hook, 'a1');
    await hook.drain(5000);
    expect(server.calls[0]?.body.message).toBe('(message redacted)');
  });

  test('headers are sent, and a user in the URL is Basic authentication', async () => {
    const { server } = await start();
    const url = server.origin.replace('http://', 'http://us%40er:pass@');
    const { hook } = hookOf(`${url}/fb?key=1#x`, {}, { feedback_header: ['X-Time:10:30'] });
    fail(hook, 'a1');
    await hook.drain(5000);
    expect(server.calls[0]).toMatchObject({
      path: '/fb?key=1',
      headers: { 'x-time': '10:30', authorization: `Basic ${Buffer.from('us@er:pass').toString('base64')}` },
    });
  });

  test('a configured authorization wins over the user in the URL', async () => {
    const { server } = await start();
    const url = server.origin.replace('http://', 'http://user:pass@');
    const { hook } = hookOf(url, {}, { feedback_header: ['Authorization:Bearer abc'] });
    fail(hook, 'a1');
    await hook.drain(5000);
    expect(server.calls[0]?.headers.authorization).toBe('Bearer abc');
  });
});

describe('success and failure', () => {
  test.each([200, 201, 202, 204, 299])('%d is success', async (status) => {
    const { server, hook } = await start((_call, _number, res) => answer(status)(res));
    fail(hook, 'a1');
    await hook.drain(5000);
    expect(server.calls).toHaveLength(1);
    expect(hook.stats()).toMatchObject({ sent: 1, failed: 0 });
  });

  test.each([301, 302, 400, 404, 429, 500, 503])('%d is tried again', async (status) => {
    const { server, hook, lines } = await start((_call, number, res) => (number < 3 ? answer(status)(res) : undefined));
    fail(hook, 'a1');
    await eventually(() => expect(hook.stats()).toMatchObject({ sent: 1, failed: 2, backlog: 0 }));
    expect(server.tokens()).toEqual(['a1', 'a1', 'a1']);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain(`"reason":"HTTP ${status}"`);
  });

  test('a connection that drops is tried again', async () => {
    const { hook } = await start((_call, number, res) => {
      if (number === 1) res.destroy();
      return undefined;
    });
    fail(hook, 'a1');
    await eventually(() => expect(hook.stats()).toMatchObject({ sent: 1, failed: 1 }));
  });

  test('a call that hangs ends with the timeout and is tried again', async () => {
    const config = { feedback_timeout: 0.05 };
    const { hook, lines } = await start((_call, number) => (number === 1 ? 'hang' : undefined), {}, config);
    fail(hook, 'a1');
    await eventually(() => expect(hook.stats()).toMatchObject({ sent: 1, failed: 1 }));
    expect(lines[0]).toContain('"reason":"Timeout"');
  });

  test('a timeout of 0 is the default, not none', async () => {
    const slow: Script = () => new Promise((resolve) => setTimeout(() => resolve(undefined), 50));
    const { hook } = await start(slow, {}, { feedback_timeout: 0 });
    fail(hook, 'a1');
    await hook.drain(5000);
    expect(hook.stats()).toMatchObject({ sent: 1, failed: 0 });
  });

  test('an entry that the hook never takes is given up at last, and told', async () => {
    const { hook, lines } = await start((_call, _number, res) => answer(500)(res), { maxAgeMs: 50 });
    fail(hook, 'a1');
    await eventually(() => expect(hook.stats()).toMatchObject({ backlog: 0, sent: 0, dropped: 1 }));
    expect(lines.at(-1)).toMatch(/^error the feedback hook will never hear/);
  });
});

describe('redirects', () => {
  test.each([307, 308])('%d is followed with the entry and the headers', async (status) => {
    const script: Script = ({ path }, _number, res) =>
      path === '/fb' ? answer(status, { location: '/elsewhere' })(res) : undefined;
    const { server, hook } = await start(script, {}, { feedback_header: ['X-Key:secret'] });
    fail(hook, 'a1');
    await hook.drain(5000);
    expect(server.calls.map(({ path }) => path)).toEqual(['/fb', '/elsewhere']);
    expect(server.calls[1]).toMatchObject({ headers: { 'x-key': 'secret' }, body: { token: 'a1' } });
    expect(hook.stats()).toMatchObject({ sent: 1, failed: 0 });
  });

  test('another host does not get the headers', async () => {
    const other = await startHook();
    cleanups.push(() => other.close());
    const location = `${other.origin.replace('127.0.0.1', 'localhost')}/x`;
    const script: Script = (_call, _number, res) => answer(307, { location })(res);
    const { hook } = await start(script, {}, { feedback_header: ['X-Key:secret', 'Authorization:Bearer abc'] });
    fail(hook, 'a1');
    await hook.drain(5000);
    expect(other.calls).toHaveLength(1);
    expect(other.calls[0]?.headers).not.toHaveProperty('x-key');
    expect(other.calls[0]?.headers).not.toHaveProperty('authorization');
  });

  test('going round in circles is a failure', async () => {
    const script: Script = (_call, number, res) => (number < 8 ? answer(307, { location: '/fb' })(res) : undefined);
    const { hook } = await start(script);
    fail(hook, 'a1');
    await eventually(() => expect(hook.stats()).toMatchObject({ sent: 1, failed: 1 }));
  });
});

describe('the queue of its own', () => {
  test('calls under way are bounded, and entries go about in order', async () => {
    const slow: Script = () => new Promise((resolve) => setTimeout(() => resolve(undefined), 5));
    const { server, hook } = await start(slow, { concurrency: 3 });
    const tokens = Array.from({ length: 30 }, (_, i) => `t${i}`);
    fail(hook, ...tokens);
    expect(hook.stats().backlog).toBe(30);
    await hook.drain(5000);
    expect(server.open.most).toBe(3);
    expect(server.connections()).toBe(3);
    expect(new Set(server.tokens())).toEqual(new Set(tokens));
    server.tokens().forEach((token, place) => {
      expect(Math.abs(Number(token.slice(1)) - place)).toBeLessThan(3);
    });
  });

  test('a full backlog drops what comes, and tells so once', async () => {
    const { server, hook, lines } = await start(() => 'hang', { concurrency: 1, maxEntries: 2 });
    fail(hook, 'a1', 'a2', 'a3', 'a4');
    expect(hook.stats()).toMatchObject({ backlog: 2, dropped: 2 });
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain('"reason":"the backlog is full"');
    await eventually(() => expect(server.tokens()).toEqual(['a1']));
  });

  test('the backlog is bounded in characters, too', async () => {
    const { hook } = await start(() => 'hang', { maxBytes: 1000 });
    const notification = { tokens: [], platform: 1, message: 'x'.repeat(600) };
    const outcomes = [failed(), failed()];
    hook.events.settled?.(settlement(['a1', 'a2'], outcomes, { notification }));
    expect(hook.stats()).toMatchObject({ backlog: 1, dropped: 1 });
  });

  test('a dead hook is left in peace but for a probe now and then, and told everything when it is back', async () => {
    let dead = true;
    const script: Script = (_call, _number, res) => (dead ? answer(503)(res) : undefined);
    const { server, hook, lines } = await start(script, { concurrency: 2, firstMs: 50, maxMs: 100 });
    const tokens = Array.from({ length: 200 }, (_, i) => `t${i}`);
    fail(hook, ...tokens);
    await eventually(() => expect(lines.at(-1)).toMatch(/^error the feedback hook keeps failing/));
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(server.calls.length).toBeLessThan(40);
    dead = false;
    await eventually(() => expect(hook.stats()).toMatchObject({ backlog: 0, sent: 200, dropped: 0 }));
    expect(lines.filter((line) => line.includes('keeps failing'))[0]).toContain('"waiting":200');
    expect(lines.at(-1)).toMatch(/^warn the feedback hook takes calls again/);
  });

  test('Retry-After is obeyed', async () => {
    let now = 0;
    const script: Script = (_call, number, res) =>
      number === 1 ? answer(429, { 'retry-after': '100' })(res) : undefined;
    const { server, hook } = await start(script, { monotonic: () => now });
    fail(hook, 'a1');
    await eventually(() => expect(hook.stats().failed).toBe(1));
    now = 99_000;
    fail(hook, 'a2');
    await eventually(() => expect(server.tokens()).toEqual(['a1', 'a2']));
    now = 100_000;
    fail(hook, 'a3');
    await eventually(() => expect([...server.tokens()].sort()).toEqual(['a1', 'a1', 'a2', 'a3']));
  });
});

describe('the end of the process', () => {
  test('drain waits until everything is told, retries included', async () => {
    const script: Script = (_call, number, res) => (number <= 2 ? answer(500)(res) : undefined);
    const { server, hook } = await start(script, { firstMs: 600_000, maxMs: 600_000 });
    fail(hook, 'a1', 'a2');
    await eventually(() => expect(hook.stats().failed).toBe(2));
    await hook.drain(10_000);
    expect(server.tokens().sort()).toEqual(['a1', 'a1', 'a2', 'a2']);
    expect(hook.stats()).toMatchObject({ backlog: 0, sent: 2 });
  });

  test('drain ends in time when the hook hangs, and what is left is told as lost', async () => {
    const { hook, lines } = await start(() => 'hang');
    fail(hook, 'a1', 'a2');
    await hook.drain(50);
    await hook.close();
    expect(hook.stats().dropped).toBe(2);
    expect(lines.at(-1)).toMatch(/^error the feedback hook will never hear .*"entries":2/);
  });

  test('drain gives up a hook that is dead before its limit', async () => {
    let now = 0;
    const { hook } = hookOf('http://127.0.0.1:9/x', { monotonic: () => now });
    fail(hook, 'a1');
    const drained = hook.drain(2 ** 30);
    now = 6000;
    await drained;
    expect(hook.stats()).toMatchObject({ backlog: 1, sent: 0 });
  });

  test('drain has nothing to wait for when nothing failed', async () => {
    const { hook } = await start();
    await hook.drain(2 ** 30);
  });

  test('what fails after close is counted as lost', async () => {
    const { server, hook } = await start();
    await hook.close();
    fail(hook, 'a1');
    expect(hook.stats()).toMatchObject({ backlog: 0, dropped: 1 });
    expect(server.calls).toEqual([]);
  });
});

describe('secrets and mistakes', () => {
  test('without a URL there is no hook', async () => {
    const { hook, lines } = hookOf('');
    fail(hook, 'a1');
    await hook.drain(1000);
    expect(hook.stats()).toEqual({ backlog: 0, sent: 0, failed: 0, dropped: 0 });
    expect(lines).toEqual([]);
  });

  test.each(['nonsense', '127.0.0.1:9099/fb', 'localhost:9099/fb', 'ftp://x/y', 'http://[::bad'])(
    'a URL that cannot be called (%s) is told and hurts nobody',
    async (url) => {
      const { hook, lines } = hookOf(url);
      hook.events.settled?.(settlement(['a1', 'a2'], [failed(), ACCEPTED]));
      await hook.drain(2 ** 30);
      expect(hook.stats()).toEqual({ backlog: 0, sent: 0, failed: 0, dropped: 1 });
      expect(lines).toHaveLength(1);
    },
  );

  test('the log never shows user, path, query or headers of the hook, nor a token', async () => {
    const url = 'http://user:s3cret@127.0.0.1:9/s3cret-path?key=s3cret';
    const config = { feedback_header: ['X-Key:s3cret', 's3cret', 'bad name:s3cret'] };
    const { hook, lines } = hookOf(url, { maxAgeMs: 0 }, config);
    fail(hook, 'canary-token');
    await eventually(() => expect(hook.stats().dropped).toBe(1));
    expect(lines.join()).not.toMatch(/s3cret|canary/);
    expect(lines.join()).toContain('ECONNREFUSED');
  });

  test('a broken percent sign in the user does not end the process', async () => {
    const { server } = await start();
    const { hook } = hookOf(server.origin.replace('http://', 'http://a%zz:b@'));
    fail(hook, 'a1');
    await hook.drain(5000);
    expect(hook.stats().sent).toBe(1);
  });
});
