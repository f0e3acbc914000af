import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { writePidFile } from '../../src/kit/files/pid-file.ts';
import { startRelay } from './running-relay.ts';

const pid = { core: { pid: { enabled: true, path: 'run/martlet.pid' } } };

test('the file holds the process id, in a folder that is made, and is gone after SIGTERM', async () => {
  await using relay = await startRelay(pid);
  const file = join(relay.folder, 'run/martlet.pid');
  expect(readFileSync(file, 'utf8')).toBe(String(relay.child.pid));
  relay.child.kill('SIGTERM');
  expect(await relay.ended()).toBe(0);
  expect(existsSync(file)).toBe(false);
});

test('with several processes it is the id of the one that gets the signals', async () => {
  await using relay = await startRelay({ core: { ...pid.core, processes: 2 } });
  const file = join(relay.folder, 'run/martlet.pid');
  expect(readFileSync(file, 'utf8')).toBe(String(relay.child.pid));
  process.kill(Number(readFileSync(file, 'utf8')), 'SIGTERM');
  expect(await relay.ended()).toBe(0);
  expect(existsSync(file)).toBe(false);
});

test('a second signal, and a start that fails, leave no file behind either', async () => {
  await using relay = await startRelay(pid);
  const file = join(relay.folder, 'run/martlet.pid');
  relay.child.kill('SIGTERM');
  relay.child.kill('SIGINT');
  await relay.ended();
  expect(existsSync(file)).toBe(false);
  await expect(startRelay({ core: { ...pid.core, address: '203.0.113.7' } })).rejects.toThrow(/ended with 1/);
});

test('a file that is left over is overwritten, but not with override: false', async () => {
  await using relay = await startRelay(pid);
  const file = join(relay.folder, 'run/martlet.pid');
  relay.child.kill('SIGKILL');
  await relay.ended();
  expect(existsSync(file)).toBe(true);
  await relay.restart();
  expect(readFileSync(file, 'utf8')).toBe(String(relay.child.pid));
  expect(() => writePidFile(file, false)).toThrow(`${file} already exists`);
  const folder = join(relay.folder, 'run');
  expect(() => writePidFile(folder, true)).toThrow(/^core\.pid\.path: can't create PID file: EISDIR/);
});

test('a file that holds something else is not overwritten', () => {
  const folder = mkdtempSync(join(tmpdir(), 'pid-'));
  const file = join(folder, 'notes.txt');
  writeFileSync(file, 'keep me');
  expect(() => writePidFile(file, true)).toThrow(`core.pid.path: ${file} is there and holds no process id`);
  expect(readFileSync(file, 'utf8')).toBe('keep me');
  writeFileSync(file, '12345\n');
  writePidFile(file, true, 7)();
  rmSync(folder, { recursive: true });
});

test('a file that a successor has overwritten stays', async () => {
  await using relay = await startRelay(pid);
  const file = join(relay.folder, 'run/martlet.pid');
  writeFileSync(file, '1');
  relay.child.kill('SIGTERM');
  await relay.ended();
  expect(readFileSync(file, 'utf8')).toBe('1');
});
