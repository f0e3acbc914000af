import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { request } from 'undici';
import { expect, onTestFinished, test } from 'vitest';
import { createFeedbackHook } from '../../src/feedback/hook.ts';
import { createSigner } from '../../src/kit/http/webhook-signature.ts';
import { blocksOf } from '../docs/blocks.ts';
import { eventually } from '../support/eventually.ts';
import { failed, settlement } from '../support/settlement.ts';

const secretOf = (): string => `whsec_${randomBytes(32).toString('base64')}`;

/** The receiver of docs/feedback.md, as it stands there. */
async function startReceiver(secret: string): Promise<{ url: string; lines: string[] }> {
  const [code = ''] = blocksOf('docs/feedback.md', 'js');
  const folder = mkdtempSync(join(tmpdir(), 'martlet-receiver-'));
  const file = join(folder, 'receiver.mjs');
  writeFileSync(file, code);
  const child: ChildProcess = spawn(process.execPath, [file], {
    env: { WEBHOOK_SECRET: secret, PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(async () => {
    child.kill();
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    rmSync(folder, { recursive: true, force: true });
  });
  const lines: string[] = [];
  const output = createInterface({ input: child.stdout as NodeJS.ReadableStream });
  output.on('line', (line) => lines.push(line));
  await once(output, 'line');
  return { url: `http://127.0.0.1:${lines[0]?.replace('listening on ', '')}/`, lines };
}

test('the receiver of the page takes what the relay sends, in the middle of a rotation', async () => {
  const secret = secretOf();
  const { url, lines } = await startReceiver(secret);
  const secrets = [secretOf(), secret];
  const hook = createFeedbackHook({
    hookOf: () => ({ url, headers: [], timeoutMs: 10_000, secrets, allowPrivate: true }),
    log: { error: () => {}, warn: () => {} },
  });
  onTestFinished(() => hook.close());
  hook.events.settled?.(settlement(['dead', 'fine'], [failed(), failed({ category: 'unavailable' })]));
  await hook.drain(10_000);
  expect(hook.stats()).toMatchObject({ sent: 2, failed: 0 });
  await eventually(() => expect(lines.slice(1)).toEqual(['delete dead']));
});

test('it refuses what is forged, changed or old, and handles what is repeated once', async () => {
  const secret = secretOf();
  const { url, lines } = await startReceiver(secret);
  const body = '{"token":"t1","invalid_token":true}';
  const post = async (headers: Record<string, string>, text = body): Promise<number> => {
    const { statusCode, body: answer } = await request(url, { method: 'POST', headers, body: text });
    await answer.dump();
    return statusCode;
  };
  const sign = createSigner([secret]);
  const genuine = sign('msg_1', body, Date.now());
  expect(await post(createSigner([secretOf()])('msg_1', body, Date.now()))).toBe(401);
  expect(await post(genuine, body.replace('t1', 't2'))).toBe(401);
  expect(await post({ ...genuine, 'webhook-id': 'msg_2' })).toBe(401);
  expect(await post(sign('msg_1', body, Date.now() - 3_600_000))).toBe(401);
  expect(await post({})).toBe(401);
  expect(await post(genuine)).toBe(204);
  expect(await post(sign('msg_1', body, Date.now()))).toBe(204);
  await eventually(() => expect(lines.slice(1)).toEqual(['delete t1']));
});
