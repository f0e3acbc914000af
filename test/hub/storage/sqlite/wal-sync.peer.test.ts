import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startRelay } from '../../../e2e/running-relay.ts';
import { needs } from '../../../support/needs.ts';

const PEOPLE = 10;
const CALLS = 'trace=fsync,fdatasync,write,writev,sendto,sendmsg';

/** Of the answers, how many come after the disk was asked to keep the log of the store, since the answer before. */
function syncedAnswers(trace: string): { answers: number; synced: number } {
  let isSynced = false;
  let [answers, synced] = [0, 0];
  for (const line of trace.split('\n')) {
    if (/hub\.db-wal>.*= 0$|<\.\.\. fdatasync resumed>.*= 0$/.test(line) && /f(?:data)?sync/.test(line))
      isSynced = true;
    else if (/"HTTP\/1\.1 20[01] /.test(line)) {
      answers++;
      if (isSynced) synced++;
      isSynced = false;
    }
  }
  return { answers, synced };
}

test('the disk has what the hub was told before it answers', needs('linux', 'strace'), async () => {
  await using relay = await startRelay({ hub: { enabled: true } });
  const put = async (id: string): Promise<number> => {
    const answer = await fetch(`${relay.url}/v1/users/${id}`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ locale: 'en' }),
    });
    await answer.text();
    return answer.status;
  };
  expect(await put('first')).toBe(201);
  const file = join(relay.folder, 'trace');
  const pid = String(relay.child.pid);
  const strace = spawn('strace', ['-f', '-y', '-e', CALLS, '-p', pid, '-o', file], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const ended = once(strace, 'close');
  // It says so when it has attached to all threads.
  await once(strace.stderr, 'data');
  for (let i = 0; i < PEOPLE; i++) expect(await put(`person-${i}`)).toBe(201);
  strace.kill('SIGINT');
  await ended;
  expect(syncedAnswers(readFileSync(file, 'utf8'))).toEqual({ answers: PEOPLE, synced: PEOPLE });
});
