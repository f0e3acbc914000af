import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { openProgress, progressLine } from '../../../src/cli/send/progress.ts';
import { sendMany } from '../../../src/cli/send/send-many.ts';
import { openTokenFile } from '../../../src/cli/send/token-file.ts';
import type { PushEntry } from '../../../src/push/push-entry.ts';
import { typed } from '../typed.ts';

const folder = mkdtempSync(join(tmpdir(), 'martlet-send-'));
afterAll(() => rmSync(folder, { recursive: true }));

let files = 0;
function fileOf(...lines: string[]): string {
  const path = join(folder, `${++files}.txt`);
  writeFileSync(path, lines.join('\n'));
  return path;
}

writeFileSync(join(folder, 'config.yml'), 'sandbox: {enabled: true}\ncore: {queue_num: 1}\n');
const send = async (...args: string[]) => {
  const { code, stdout, stderr } = await typed(['send', ...args, '-m', 'hi'], { cwd: folder });
  const lines = stdout.split('\n').filter((line) => line !== '');
  return { code, stderr, results: lines.map((line) => JSON.parse(line)) };
};

test('each target of a file gets a push, and each has its result; one that stands twice has two', async () => {
  const tokens = Array.from({ length: 1200 }, (_, n) => `token-number-${n}`);
  const dead = 'sandbox-unregistered';
  const { code, stderr, results } = await send('--android', '--tokens', fileOf(...tokens, dead, '', `  ${dead}\r`));
  expect(code).toBe(1);
  expect(stderr).toBe('1,200 delivered to simulated providers (sandbox.enabled), 2 failed\n');
  const failed = { token: dead, ok: false, reason: 'UNREGISTERED', category: 'invalid_token', invalid_token: true };
  expect(results.filter(({ ok }) => !ok)).toEqual([expect.objectContaining(failed), expect.objectContaining(failed)]);
  expect(new Set(results.map(({ token }) => token))).toEqual(new Set([...tokens, dead]));
});

test.each([
  ['ios', ['--topic', 'com.example.app'], 'a1b2c3d4'.repeat(8)],
  ['huawei', ['--title', 'Hi'], 'huawei-token'],
  ['expo', [], 'ExponentPushToken[xxxxxxxxxxxxxxxxxxxxxx]'],
  ['email', ['--title', 'Hi'], 'ada@example.com'],
  ['sms', [], '+4915112345678'],
  ['slack', [], 'C0123456789'],
  ['ntfy', [], 'my-topic'],
])('%s takes its targets from a file, too', async (platform, flags, target) => {
  expect(await send(`--${platform}`, ...flags, '--tokens', fileOf(target))).toMatchObject({
    code: 0,
    results: [{ token: target, ok: true }],
  });
});

test('a subscription of a browser is one line, and its result has it as it was given', async () => {
  const keys = { p256dh: `B${'A'.repeat(86)}`, auth: 'AAAAAAAAAAAAAAAAAAAAAA' };
  const subscription = JSON.stringify({ endpoint: 'https://fcm.googleapis.com/fcm/send/x', keys });
  const { results } = await send('--web', '--tokens', fileOf(subscription, subscription));
  expect(results).toMatchObject([{ token: subscription }, { token: subscription }]);
  expect(results[0]).toMatchObject({ ok: false, reason: 'InvalidSubscription' });
});

test('a file that is not there, or holds no targets, is told, and so is a token beside it', async () => {
  expect(await send('--android', '--tokens', join(folder, 'gone'))).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('gone cannot be read: ENOENT'),
  });
  expect((await send('--android', '--tokens', fileOf('x'.repeat(9000)))).stderr).toContain(
    'line 1 is longer than 8192 bytes',
  );
  expect(await send('--android', '--tokens', 'x', '-t', 'y')).toMatchObject({ code: 2 });
  expect(await send('--android', '--tokens', fileOf(''))).toMatchObject({ code: 0, results: [] });
});

test('it stops when what it writes is read no more, and when the relay refuses', async () => {
  const tokens = Array.from({ length: 20_000 }, (_, n) => `t${n}`);
  let pushes = 0;
  const accept = async (notifications: readonly { tokens: string[] }[]) => {
    pushes += notifications[0]?.tokens.length ?? 0;
    return { requestId: 'r', counts: 0, logs: [] as PushEntry[] };
  };
  const common = {
    notification: { platform: 2, tokens: [] },
    shown: (target: string) => target,
    progress: { show() {}, end() {} },
  };
  const file = () => openTokenFile(fileOf(...tokens));
  await sendMany({ ...common, accept, file: await file(), out: { write: async () => false } });
  expect(pushes).toBeLessThan(10_000);
  const refused = async () => {
    throw new Error('the queue is full');
  };
  const refusing = sendMany({ ...common, accept: refused, file: await file(), out: { write: async () => true } });
  await expect(refusing).rejects.toThrow('the queue is full');
});

test('the bar is for a terminal alone, tells counts and rate, and is gone at the end', () => {
  expect(progressLine({ done: 0.5, delivered: 2100, failed: 3 }, 1050.4)).toBe(
    '[============            ]  50 %  2,100 delivered, 3 failed  1,050/s',
  );
  expect(progressLine({ done: undefined, delivered: 1, failed: 0 }, 1)).toBe('1 delivered, 0 failed  1/s');
  let text = '';
  let ms = 0;
  const stream = {
    isTTY: true,
    write(part: string): boolean {
      text += part;
      return true;
    },
  };
  const bar = openProgress(stream as never, () => ms);
  for (ms = 0; ms <= 300; ms += 10) bar.show({ done: 1, delivered: 1, failed: 0 });
  bar.end();
  expect(text.match(/delivered/g)).toHaveLength(4);
  expect(text.endsWith('\r\u001b[K')).toBe(true);
  text = '';
  const none = openProgress({ ...stream, isTTY: false } as never);
  none.show({ done: 1, delivered: 1, failed: 0 });
  none.end();
  expect(text).toBe('');
});
