import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { createLog, type LogConfig, type LogOptions } from '../../../src/observe/log/log.ts';
import { ACCEPTED } from '../../../src/push/push.ts';
import { eventually } from '../../support/eventually.ts';
import { needs } from '../../support/needs.ts';
import { failed, settlement } from '../../support/settlement.ts';

const TOKEN = '3f9a0c71d2e84b56a1907c3e5d28f4b60e9d1c7a4f3b8e2650d79c1ab84e3f62';
const NOW = Date.UTC(2026, 0, 2, 15, 4, 5, 670);

const folder = mkdtempSync(join(tmpdir(), 'martlet-log-'));
afterAll(() => rmSync(folder, { recursive: true }));

function logOf(config: Partial<LogConfig> = {}, options: Partial<LogOptions> = {}) {
  const texts = { stdout: '', stderr: '' };
  const stream = (name: keyof typeof texts) => ({
    write(text: string) {
      texts[name] += text;
    },
  });
  const log = createLog(
    {
      format: 'string',
      access_log: 'stdout',
      access_level: 'info',
      error_log: 'stderr',
      error_level: 'error',
      hide_token: false,
      hide_messages: false,
      ...config,
    },
    { stdout: stream('stdout'), stderr: stream('stderr'), now: () => NOW, ...options },
  );
  const read = (name: keyof typeof texts): string => {
    log.flush();
    return texts[name];
  };
  const written = {
    get stdout() {
      return read('stdout');
    },
    get stderr() {
      return read('stderr');
    },
  };
  return { log, written };
}

describe('push lines', () => {
  test('an accepted push is a line of the access log', () => {
    const { log, written } = logOf();
    log.events.settled?.(settlement(['a1']));
    expect(written).toEqual({ stdout: '| succeeded-push | ios [a1] hi\n', stderr: '' });
  });

  test('a failed push is a line of the error log', () => {
    const { log, written } = logOf();
    log.events.settled?.(settlement(['a1'], [failed()]));
    expect(written).toEqual({ stdout: '', stderr: '| failed-push | ios [a1] | hi | Error Message: Unregistered\n' });
  });

  test('the lines of a turn of the event loop are written in one piece', async () => {
    const stdout = { write: vi.fn() };
    const { log } = logOf({}, { stdout });
    log.events.settled?.(settlement(['a1', 'a2', 'a3'], [ACCEPTED, failed(), ACCEPTED]));
    log.events.settled?.(settlement(['a4']));
    expect(stdout.write).not.toHaveBeenCalled();
    await new Promise((resolve) => setImmediate(resolve));
    const lines = ['a1', 'a3', 'a4'].map((token) => `| succeeded-push | ios [${token}] hi\n`);
    expect(stdout.write.mock.calls).toEqual([[lines.join('')]]);
  });

  test('a line of our own is written at once, after those before it', () => {
    const stdout = { write: vi.fn() };
    const { log } = logOf({}, { stdout });
    log.events.settled?.(settlement(['a1']));
    log.info('the end');
    expect(stdout.write.mock.calls).toEqual([
      ['| succeeded-push | ios [a1] hi\n2026-01-02T15:04:05.670Z INFO the end\n'],
    ]);
  });

  test('in json format a line is one object: the entry, level and time', () => {
    const { log, written } = logOf({ format: 'json' });
    log.events.settled?.(settlement(['a1', 'a2'], [ACCEPTED, failed()]));
    const entry = { platform: 'ios', message: 'hi', attempts: 1, environment: 'production', request_id: 'r1' };
    const time = '2026-01-02T15:04:05.670Z';
    expect(JSON.parse(written.stdout)).toEqual({
      ...entry,
      level: 'info',
      time,
      type: 'succeeded-push',
      token: 'a1',
      error: '',
    });
    expect(JSON.parse(written.stderr)).toEqual({
      ...entry,
      level: 'error',
      time,
      type: 'failed-push',
      token: 'a2',
      error: 'Unregistered',
      status: 410,
      reason: 'Unregistered',
      category: 'invalid_token',
      invalid_token: true,
      retryable: false,
    });
  });

  test('the level of a log drops its lines', () => {
    const { log, written } = logOf({ access_level: 'error', error_level: 'panic' });
    log.events.settled?.(settlement(['a1', 'a2'], [ACCEPTED, failed()]));
    expect(written).toEqual({ stdout: '', stderr: '' });
  });

  test('both logs may go to one place', () => {
    const { log, written } = logOf({ error_log: 'stdout' });
    log.events.settled?.(settlement(['a1'], [failed()]));
    expect(written.stdout).toBe('| failed-push | ios [a1] | hi | Error Message: Unregistered\n');
  });

  test('a terminal gets colours and the time', () => {
    const { log, written } = logOf({}, { isTTY: true });
    log.events.settled?.(settlement(['a1']));
    const [green, blue, reset] = ['\u001b[97;42m', '\u001b[97;44m', '\u001b[0m'];
    expect(written.stdout).toBe(
      `2026-01-02T15:04:05.670Z INFO |${green} succeeded-push ${reset}| ${blue}ios${reset} [a1] hi\n`,
    );
  });

  test('foreign text stays on its line and sends no escape sequence', () => {
    const { log, written } = logOf();
    const notification = { tokens: [], platform: 1, message: 'one\r\ntwo\u001b[31m\u2028x' };
    log.events.settled?.(settlement(['a\n1'], undefined, { notification }));
    expect(written.stdout).toBe('| succeeded-push | ios [a 1] one  two\\x1b[31m x\n');
  });

  test('a platform that is unknown has no name', () => {
    const { log, written } = logOf();
    const notification = { tokens: ['x'], platform: 97, message: 'hi' };
    log.events.settled?.(
      settlement(['x'], [failed({ error: 'off' })], { notification, platform: '', provider: undefined }),
    );
    expect(written.stderr).toBe('| failed-push |  [x] | hi | Error Message: off\n');
  });
});

describe('hiding', () => {
  test.each(['string', 'json'])('tokens are masked by position in %s format', (format) => {
    const { log, written } = logOf({ format, hide_token: true });
    log.events.settled?.(settlement([TOKEN, 'abc'], [ACCEPTED, failed()]));
    expect(written.stdout).toContain('**********e84b56a1907c3e5d28f4b60e9d1c7a4f3b8e2650d79c**********');
    expect(written.stderr).toContain('***');
    expect(written.stdout + written.stderr).not.toMatch(/3f9a0c71d2|abc/);
  });

  test.each(['string', 'json'])('messages are replaced in %s format', (format) => {
    const { log, written } = logOf({ format, hide_messages: true });
    log.events.settled?.(settlement(['a1', 'a2'], [ACCEPTED, failed()]));
    expect(written.stdout).toContain('(message redacted)');
    expect(written.stderr).toContain('(message redacted)');
  });

  test.each(['string', 'json'])('a canary never appears in %s format, even when the provider quotes it', (format) => {
    const { log, written } = logOf({ format, hide_token: true, hide_messages: true, access_level: 'trace' });
    const token = 'canary-token-0123456789-canary-token';
    const notification = {
      tokens: [token],
      platform: 2,
      message: 'canary-message',
      title: 'canary-title',
      data: { key: 'canary-data', deep: [{ er: 'canary-deeper' }] },
    };
    const error = `refused ${token}: canary-message, canary-title, canary-data, canary-deeper`;
    const outcome = failed({ error, reason: 'canary-title' });
    log.events.settled?.(settlement([token, 'other'], [outcome, ACCEPTED], { notification, provider: 'fcm' }));
    expect(written.stdout + written.stderr).not.toMatch(/canary-(token-0|message|title|data|deep)/);
    expect(written.stderr).toContain('refused');
  });
});

describe('levels', () => {
  test.each(['access', 'error'] as const)('a bad level of the %s log is told in the words of Gorush', (which) => {
    expect(() => logOf({ [`${which}_level`]: 'loud' })).toThrow(
      `can't load log module, error: Set ${which} log level error: not a valid logrus Level: "loud"`,
    );
  });

  test.each(['INFO', 'warn', 'Warning', 'panic', 'trace'])('%s is a level', (level) => {
    expect(() => logOf({ access_level: level })).not.toThrow();
  });

  test('a file that cannot be opened is told in the words of Gorush', () => {
    expect(() => logOf({ error_log: '/nope/dir/x.log' })).toThrow(
      "can't load log module, error: Set error log path error: open /nope/dir/x.log: no such file or directory",
    );
    expect(() => logOf({ access_log: folder })).toThrow(`Set access log path error: open ${folder}: is a directory`);
  });
});

describe('lines of our own', () => {
  test('have time, level, sentence and fields', () => {
    const { log, written } = logOf();
    log.info('it works', { port: 8088, path: 'a b' });
    log.error('it broke', { err: new Error('no luck') });
    log.debug('not at this level');
    expect(written.stdout).toBe('2026-01-02T15:04:05.670Z INFO it works port=8088 path="a b"\n');
    expect(written.stderr).toBe('2026-01-02T15:04:05.670Z ERROR it broke err="no luck"\n');
  });

  test('are one object a line in json format, with the level as a word', () => {
    const { log, written } = logOf({ format: 'json' });
    log.info('it works', { port: 8088 });
    expect(JSON.parse(written.stdout)).toEqual({
      level: 'info',
      time: '2026-01-02T15:04:05.670Z',
      msg: 'it works',
      port: 8088,
    });
  });

  test('an error tells its message and code, and none of its other properties', () => {
    const { log, written } = logOf({ format: 'json' });
    log.error('it broke', { err: Object.assign(new Error('no luck'), { code: 'E1', password: 'secret' }) });
    expect(JSON.parse(written.stderr).err).toMatchObject({ type: 'Error', message: 'no luck', code: 'E1' });
    expect(written.stderr).not.toContain('secret');
  });

  test('a warning is not lost where the error log is for errors only', () => {
    const quiet = logOf();
    quiet.log.warn('careful');
    expect(quiet.written.stdout).toContain('WARNING careful');
    const open = logOf({ error_level: 'warning' });
    open.log.warn('careful');
    expect(open.written).toEqual({ stdout: '', stderr: '2026-01-02T15:04:05.670Z WARNING careful\n' });
  });

  test('an answered request is a line of the access log', () => {
    const request = { method: 'GET', path: '/version', status: 200, ms: 1.23456, size: 42 };
    const text = logOf();
    text.log.request(request);
    expect(text.written.stdout).toBe('2026-01-02T15:04:05.670Z INFO GET /version 200 1.235ms 42\n');
    const json = logOf({ format: 'json' });
    json.log.request(request);
    expect(JSON.parse(json.written.stdout)).toMatchObject({ msg: 'request', path: '/version', status: 200, ms: 1.235 });
    const off = logOf({ access_level: 'warn' });
    off.log.request(request);
    expect(off.written.stdout).toBe('');
  });
});

describe('lasting trouble', () => {
  test('a full queue is one error a minute', () => {
    const { log, written } = logOf();
    for (let i = 0; i < 5; i++) log.events.refused?.({ reason: 'the queue is full', notifications: 3 });
    expect(written.stderr).toBe(
      '2026-01-02T15:04:05.670Z ERROR notifications were refused with 503 reason="the queue is full" notifications=3\n',
    );
  });
});

describe('files', () => {
  test('lines are appended, with their time, and both logs may share a file', () => {
    const path = join(folder, 'both.log');
    for (let i = 0; i < 2; i++) {
      const { log } = logOf({ access_log: path, error_log: path }, { isTTY: true });
      log.events.settled?.(settlement(['a1', 'a2'], [ACCEPTED, failed()]));
      log.close();
    }
    const once = [
      '2026-01-02T15:04:05.670Z INFO | succeeded-push | ios [a1] hi',
      '2026-01-02T15:04:05.670Z ERROR | failed-push | ios [a2] | hi | Error Message: Unregistered',
    ];
    expect(readFileSync(path, 'utf8').trim().split('\n')).toEqual([...once, ...once]);
  });

  test('reopen goes on in a new file after a rotation', async () => {
    const path = join(folder, 'rotated.log');
    const { log } = logOf({ access_log: path });
    log.info('before');
    await eventually(() => expect(readFileSync(path, 'utf8')).toContain('before'));
    renameSync(path, `${path}.1`);
    log.reopen();
    await eventually(() => expect(existsSync(path)).toBe(true));
    log.info('after');
    await eventually(() => expect(readFileSync(path, 'utf8')).toContain('after'));
    expect(readFileSync(`${path}.1`, 'utf8')).not.toContain('after');
    log.close();
  });

  test('a log that cannot be opened anew is told on stderr and ends nothing', async () => {
    const gone = mkdtempSync(join(folder, 'gone-'));
    const { log, written } = logOf({ access_log: join(gone, 'x.log') });
    log.info('before');
    log.flush();
    rmSync(gone, { recursive: true });
    log.reopen();
    await eventually(() => expect(written.stderr).toContain('cannot be written'));
    log.close();
  });

  test('a full disk is told on stderr once and ends nothing', needs('/dev/full'), () => {
    const { log, written } = logOf({ access_log: '/dev/full' });
    for (let i = 0; i < 40; i++) log.events.settled?.(settlement(['x'.repeat(100_000)]));
    log.flush();
    expect(written.stderr).toMatch(/^the log file \/dev\/full cannot be written: .*\n$/);
    log.close();
  });
});
