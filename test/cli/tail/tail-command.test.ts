import { afterAll, beforeAll, expect, test } from 'vitest';
import { RelayApi } from '../../../src/cli/relay/relay-api.ts';
import { type TailOptions, tail } from '../../../src/cli/tail/tail-command.ts';
import { tailLines } from '../../../src/cli/tail/tail-line.ts';
import { type SandboxedRelay, startSandboxedRelay } from '../../api/openapi/sandboxed-relay.ts';
import { until } from '../../support/until.ts';

let relay: SandboxedRelay;
beforeAll(async () => {
  relay = await startSandboxedRelay({ core: { sync: true } });
});
afterAll(() => relay[Symbol.asyncDispose]());

const push = async (notif_id: string, token: string): Promise<void> => {
  const body = JSON.stringify({ notifications: [{ platform: 2, tokens: [token], message: 'hi', notif_id }] });
  await fetch(`${relay.url}/api/push`, { method: 'POST', body });
};

/** What follows pushes, until the test ends it. */
function following(more: Partial<TailOptions> = {}) {
  const lines: string[] = [];
  const notes: string[] = [];
  const controller = new AbortController();
  const api = new RelayApi({ place: { url: relay.url, key: undefined }, config: { core: {} } as never });
  const ended = tail({
    task: { status: undefined, reason: undefined, past: 10 },
    ...{ app: undefined, json: false, api, signal: controller.signal, everyMs: 5 },
    print: (line) => lines.push(line) > 0,
    note: (line) => void notes.push(line),
    ...more,
  }).finally(() => api[Symbol.asyncDispose]());
  const end = (): Promise<void> => {
    controller.abort();
    return ended;
  };
  return { lines, notes, ended, end };
}

test('the past comes first, oldest first, and then what happens, each once', async () => {
  for (const n of [1, 2, 3]) await push(`past-${n}`, `token-${n}`);
  const { lines, end } = following();
  await until(() => lines.length >= 3);
  await push('now-1', 'token-of-now');
  await until(() => lines.some((line) => line.includes('now-1')));
  await push('now-2', 'sandbox-unregistered');
  await until(() => lines.some((line) => line.includes('→')));
  await end();
  expect(lines.map((line) => /(?:past|now)-\d$|→/.exec(line)?.[0])).toEqual([
    'past-1',
    'past-2',
    'past-3',
    'now-1',
    'now-2',
    '→',
  ]);
  expect(lines.join('\n')).not.toContain('token-of-now');
  expect(lines[4]).toMatch(/^\d\d:\d\d:\d\d\.\d{3} {2}failed +android +\*+ +404 UNREGISTERED {2}now-2$/);
});

test('it can be of one outcome, as JSON, and without the past', async () => {
  await push('before', 'sandbox-unregistered');
  const task = { status: 'failed', reason: 'UNREGISTERED', past: 0 };
  const { lines, end } = following({ task, json: true });
  // What is asked for last is there when it was asked for at all.
  await until(async () => {
    await push('good', 'token');
    await push('dead', 'sandbox-unregistered');
    return lines.length > 1;
  });
  await end();
  const found = lines.map((line) => JSON.parse(line));
  expect(new Set(found.map(({ notif_id, reason }) => `${notif_id} ${reason}`))).toEqual(new Set(['dead UNREGISTERED']));
});

test('it ends when the reader is gone, and when the relay refuses', async () => {
  await push('one', 'token');
  await following({ print: () => false }).ended;
  const wrong = following({ task: { status: 'lost', reason: undefined, past: 1 } });
  await expect(wrong.ended).rejects.toThrow('status must be one of');
});

test('a relay that is away for a while is waited for, and that is said once', async () => {
  await push('one', 'token');
  const real = new RelayApi({ place: { url: relay.url, key: undefined }, config: { core: {} } as never });
  const nowhere = new RelayApi({ place: { url: 'http://127.0.0.1:1', key: undefined }, config: { core: {} } as never });
  let asked = 0;
  const isAway = (): boolean => asked > 1 && asked < 6;
  const api: TailOptions['api'] = {
    json: (...of) => {
      asked++;
      return (isAway() ? nowhere : real).json(...of);
    },
  };
  const { notes, end } = following({ api });
  await until(() => notes.length === 2);
  await end();
  expect(notes).toEqual([expect.stringContaining('cannot be asked'), 'the relay answers again']);
  for (const each of [real, nowhere]) await each[Symbol.asyncDispose]();
});

test('a line says when, what, where, to whom and how long or why', () => {
  const common = { at: '2026-01-01T12:00:00.070Z', event: 'attempt', request_id: 'r1', platform: 'ios' } as const;
  const targets = [{ token: 'a1b2c3…c3d4' }];
  expect(tailLines({ ...common, app: 'default', outcome: 'delivered', ms: 12.5, targets, count: 3 })).toEqual([
    '12:00:00.070  delivered  ios       a1b2c3…c3d4 and 2 more  12.5 ms  r1',
  ]);
  const retried = { ...common, app: 'shop', outcome: 'retried', status: 503, reason: 'ServiceUnavailable' } as const;
  expect(tailLines({ ...retried, targets, retry_at: '2026-01-01T12:00:01.000Z', advice: 'Nothing to do.' })).toEqual([
    '12:00:00.070  retried    ios       a1b2c3…c3d4     503 ServiceUnavailable, again at 12:00:01.000  app shop  r1',
  ]);
});
