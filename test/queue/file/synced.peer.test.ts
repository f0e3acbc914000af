import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startRelay } from '../../e2e/running-relay.ts';
import { needs } from '../../support/needs.ts';

const PUSHES = 10;
const CALLS = 'trace=fsync,fdatasync,write,writev,sendto,sendmsg';

/** Of the answers to pushes, how many come after the disk was asked to keep what it had got since the answer before. */
function syncedAnswers(trace: string): { answers: number; synced: number } {
  let isSynced = false;
  let [answers, synced] = [0, 0];
  for (const line of trace.split('\n')) {
    if (/\bf(?:data)?sync\(/.test(line)) isSynced = true;
    else if (line.includes('"HTTP/1.1 200 OK')) {
      answers++;
      if (isSynced) synced++;
      isSynced = false;
    }
  }
  return { answers, synced };
}

test('with queue.local.sync full the disk has a push before its 200', needs('linux', 'strace'), async () => {
  await using relay = await startRelay({ queue: { local: { sync: 'full' } } });
  const file = join(relay.folder, 'trace');
  const pid = String(relay.child.pid);
  const strace = spawn('strace', ['-f', '-e', CALLS, '-p', pid, '-o', file], { stdio: ['ignore', 'ignore', 'pipe'] });
  const ended = once(strace, 'close');
  // It says so when it has attached to all threads.
  await once(strace.stderr, 'data');
  for (let i = 0; i < PUSHES; i++) {
    const { status } = await relay.push({ platform: 1, topic: 'com.example', tokens: [`token-${i}`] });
    expect(status).toBe(200);
  }
  strace.kill('SIGINT');
  await ended;
  expect(syncedAnswers(readFileSync(file, 'utf8'))).toEqual({ answers: PUSHES, synced: PUSHES });
});
