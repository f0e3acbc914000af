import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createLog } from '../../../src/observe/log/log.ts';
import { eventually } from '../../support/eventually.ts';

const NOW = Date.UTC(2026, 0, 2, 15, 4, 5, 670);

function logWith(audit: string) {
  let stdout = '';
  const log = createLog(
    {
      format: 'string',
      access_log: 'stdout',
      access_level: 'info',
      error_log: 'stderr',
      error_level: 'error',
      hide_token: true,
      hide_messages: false,
      audit,
    },
    { stdout: { write: (text: string) => (stdout += text) }, stderr: { write() {} }, now: () => NOW },
  );
  return { log, stdout: () => stdout };
}

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'martlet-audit-'));
  onTestFinished(() => rmSync(path, { recursive: true }));
  return path;
}

const RECORD = {
  requestId: 'r1',
  who: 'backend',
  by: 'key',
  address: '127.0.0.1',
  action: 'push',
  apps: { acme: 2 },
  status: 200,
} as const;

const LINE =
  '{"time":"2026-01-02T15:04:05.670Z","request_id":"r1","who":"backend","by":"key","address":"127.0.0.1","action":"push","apps":{"acme":2},"status":200}\n';

test('without log.audit there is no audit log', () => {
  expect(logWith('').log.audit).toBe(undefined);
});

test('a record is one line of JSON, on stdout when that is wanted', () => {
  const { log, stdout } = logWith('stdout');
  log.audit?.(RECORD);
  log.flush();
  expect(stdout()).toBe(LINE);
});

test('what is not known of a request is left out', () => {
  const { log, stdout } = logWith('stdout');
  log.audit?.({ action: 'refused', status: 401, reason: 'unknown_key', address: undefined });
  log.flush();
  expect(JSON.parse(stdout())).toEqual({
    time: '2026-01-02T15:04:05.670Z',
    action: 'refused',
    status: 401,
    reason: 'unknown_key',
  });
});

test('a file holds every line when the log is closed, and is opened anew after a rotation', async () => {
  const file = join(folder(), 'audit.log');
  const { log } = logWith(file);
  await eventually(() => expect(existsSync(file)).toBe(true));
  log.audit?.(RECORD);
  log.flush();
  await eventually(() => expect(readFileSync(file, 'utf8')).toBe(LINE));
  renameSync(file, `${file}.1`);
  log.reopen();
  // The new file is there a moment before it is written to: lines of that moment are in the old one.
  let written = 1;
  const say = (): void => {
    log.audit?.(RECORD);
    written++;
  };
  await eventually(() => {
    say();
    log.flush();
    expect(readFileSync(file, 'utf8')).not.toBe('');
  });
  for (let i = 0; i < 1000; i++) say();
  log.close();
  // What was just being written when it was closed is there a moment later.
  await eventually(() => {
    const [old, young] = [`${file}.1`, file].map((path) => readFileSync(path, 'utf8').length / LINE.length);
    expect(young).toBeGreaterThan(1000);
    expect((old as number) + (young as number)).toBe(written);
  });
});
