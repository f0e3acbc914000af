import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { startRelay } from './running-relay.ts';

const FLAG = '--disable-sigusr1';

async function childrenOf(pid: number): Promise<number[]> {
  const listed = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return listed.trim().split(/\s+/).filter(Boolean).map(Number);
}

/** A push proves that whatever the signal does has been done, and that the process lives. */
async function stillSends(relay: Awaited<ReturnType<typeof startRelay>>): Promise<void> {
  for (let i = 0; i < 4; i++) {
    const { status } = await relay.push({ platform: 1, tokens: ['ab'.repeat(32)], topic: 'com.example.app' });
    expect(status).toBe(200);
  }
  expect(relay.child.exitCode).toBeNull();
  expect(relay.child.signalCode).toBeNull();
}

test('signals without a meaning neither end a single process nor open a debugger', async () => {
  await using relay = await startRelay();
  for (const signal of ['SIGUSR1', 'SIGUSR2'] as const) {
    relay.child.kill(signal);
    await stillSends(relay);
  }
  expect(relay.output()).not.toMatch(/Debugger/);
});

test('SIGUSR1 opens no debugger in the primary or in its workers, and a signal to a worker does not end it', async () => {
  await using relay = await startRelay({ core: { processes: 2 } });
  const workers = await childrenOf(relay.child.pid as number);
  expect(workers).toHaveLength(2);
  relay.child.kill('SIGUSR1');
  for (const pid of workers) for (const signal of ['SIGUSR1', 'SIGUSR2', 'SIGHUP'] as const) process.kill(pid, signal);
  await stillSends(relay);
  expect(relay.output()).not.toMatch(/Debugger/);
  expect(await childrenOf(relay.child.pid as number)).toEqual(workers);
});

test('`npm start` and the command run Node with the flag that guards the time before the first line of ours', async () => {
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8'));
  expect(scripts.start).toContain(FLAG);
  expect(readFileSync('src/main.ts', 'utf8').split('\n', 1)[0]).toContain(FLAG);
  expect(readFileSync('bin/martlet', 'utf8')).toMatch(new RegExp(`exec "\\$node" .*${FLAG}`));
  const script = `process.kill(process.pid, 'SIGUSR1'); setImmediate(() => console.log(String(require('inspector').url())))`;
  const child = spawn(process.execPath, [FLAG, '-e', script], { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (said += chunk));
  expect(await new Promise((resolve) => child.on('exit', resolve))).toBe(0);
  expect(said.trim()).toBe('undefined');
});
