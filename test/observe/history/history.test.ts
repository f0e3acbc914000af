import { randomBytes } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { History, type HistoryOptions } from '../../../src/observe/history/history.ts';
import { HistoryFile } from '../../../src/observe/history/history-file.ts';
import { adviceFor } from '../../../src/providers/advice.ts';
import type { AcceptedRequest, Notification, Outcome, Retry } from '../../../src/push/push.ts';
import { failed, settlement } from '../../support/settlement.ts';

const TOKEN = 'a1b2c3d4'.repeat(8);
const OTHER = 'dead0410'.repeat(8);
const START = Date.UTC(2026, 0, 1);

let folder: string;
let now: number;
let told: string[];
const open: History[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'history-'));
  now = START;
  told = [];
});

afterEach(() => {
  for (const history of open.splice(0)) history.close();
  rmSync(folder, { recursive: true });
});

function openHistory(more: Partial<HistoryOptions> = {}): History {
  const history = new History({
    path: '',
    retentionMs: 3_600_000,
    maxBytes: 1e9,
    sample: 1,
    advise: adviceFor,
    tell: (_, message) => told.push(message),
    everyMs: 5,
    now: () => now,
    ...more,
  });
  open.push(history);
  return history;
}

const notification = (more: Partial<Notification> = {}): Notification => ({ platform: 1, tokens: [TOKEN], ...more });

const accepted = (more: Partial<AcceptedRequest> = {}): AcceptedRequest => ({
  requestId: 'r1',
  app: 'default',
  notifications: [notification()],
  counts: 1,
  targets: 1,
  acceptedAt: START,
  ...more,
});

const timing = { acceptedAt: START, ageMs: 30, queuedMs: 10, providerMs: 20 };

const retried = (more: Partial<Retry> = {}): Retry => ({
  requestId: 'r1',
  app: 'default',
  platform: 'ios',
  provider: 'apns',
  environment: 'production',
  notification: notification(),
  kind: 'token',
  targets: [TOKEN],
  failed: failed({ category: 'unavailable', reason: 'ServiceUnavailable', status: 503, session: 3 }),
  attempts: 1,
  delayMs: 500,
  timing,
  ...more,
});

/** What the files of these names hold, as far as there are any. */
const filesOf = (of: string, ...names: string[]): string[] =>
  names.map((name) => join(of, name)).flatMap((path) => (existsSync(path) ? [readFileSync(path, 'latin1')] : []));

const only = (history: History, id = 'r1') => history.explain(id, {})?.pushes[0];

describe('the timeline of a push', () => {
  test('tells when it was received, sent and delivered, and on which session', () => {
    const history = openHistory();
    history.events.accepted?.(accepted());
    expect(only(history)).toMatchObject({ status: 'queued', waiting: 1, targets: 1, recorded: 'all' });
    const outcome = { kind: 'accepted', session: 7, providerId: 'apns-1' } as const;
    history.events.settled?.(settlement([TOKEN], [outcome], { timing }));
    expect(only(history)).toMatchObject({
      request_id: 'r1',
      status: 'delivered',
      received_at: '2026-01-01T00:00:00.000Z',
      delivered: 1,
      waiting: 0,
      events: [
        { event: 'received', at: '2026-01-01T00:00:00.000Z', count: 1 },
        { event: 'queued', ms: 10 },
        {
          event: 'attempt',
          at: '2026-01-01T00:00:00.010Z',
          attempt: 1,
          outcome: 'delivered',
          ms: 20,
          session: 7,
          targets: [{ token: 'a1b2c3…c3d4', provider_id: 'apns-1' }],
        },
      ],
    });
  });

  test('has each attempt with its answer, when it is tried again, and what became of it', () => {
    const history = openHistory();
    history.events.accepted?.(accepted());
    history.events.retried?.(retried());
    expect(only(history)).toMatchObject({ status: 'retrying', waiting: 1 });
    history.events.settled?.(settlement([TOKEN], [failed()], { attempts: 2, timing: { ...timing, ageMs: 600 } }));
    expect(only(history)).toMatchObject({
      status: 'failed',
      failed: 1,
      events: [
        { event: 'received' },
        { event: 'queued' },
        {
          attempt: 1,
          outcome: 'retried',
          status: 503,
          reason: 'ServiceUnavailable',
          session: 3,
          retry_at: '2026-01-01T00:00:00.530Z',
        },
        { attempt: 2, outcome: 'failed', status: 410, reason: 'Unregistered', invalid_token: true },
      ],
    });
  });

  test('advises by reason and environment', () => {
    const history = openHistory();
    const bad = failed({ reason: 'BadDeviceToken', error: 'BadDeviceToken', status: 400 });
    history.events.settled?.(settlement([TOKEN], [bad], { timing }));
    const advice = only(history)?.events.at(-1)?.advice;
    expect(advice).toContain('sandbox token sent to production: set `development: true`');
  });

  test('is found by notif_id, over several requests, the newest first', () => {
    const history = openHistory();
    for (const requestId of ['r1', 'r2'])
      history.events.settled?.(
        settlement([TOKEN], [failed()], { requestId, notification: notification({ notif_id: 'order' }) }),
      );
    expect(history.explain('order', {})?.pushes.map((push) => push.request_id)).toEqual(['r2', 'r1']);
    expect(history.explain('another', {})).toBeUndefined();
  });

  test('can be asked for one token of many', () => {
    const history = openHistory();
    history.events.settled?.(settlement([TOKEN, OTHER], [failed(), failed({ reason: 'ExpiredToken' })]));
    const of = (token: string) =>
      history
        .explain('r1', { token })
        ?.pushes[0]?.events.flatMap(({ reason }) => reason ?? [])
        .sort();
    expect(of(OTHER)).toEqual(['ExpiredToken']);
    expect(of(TOKEN)).toEqual(['Unregistered']);
  });

  test('is hidden from those who may see other apps only', () => {
    const history = openHistory();
    history.events.settled?.(settlement([TOKEN], [failed()], { app: 'shop' }));
    expect(history.explain('r1', { apps: new Set(['news']) })).toBeUndefined();
    expect(history.explain('r1', { apps: new Set(['shop']) })).toBeDefined();
    const list = (apps: string[]) => history.list({ kinds: ['failed'], limit: 9, apps: new Set(apps) }).pushes.length;
    expect([list(['news']), list(['news', 'shop']), list([])]).toEqual([0, 1, 0]);
  });

  test('is not pushed out by what another app has under the same notif_id', () => {
    const history = openHistory({ maxTroubles: 10_000 });
    const named = { notification: notification({ notif_id: 'order' }) };
    for (let i = 0; i < 2100; i++)
      history.events.settled?.(settlement([TOKEN], [failed()], { requestId: `n${i}`, app: 'news', ...named }));
    history.events.settled?.(settlement([TOKEN], [failed()], { app: 'shop', ...named }));
    const explained = history.explain('order', { apps: new Set(['shop']) });
    expect(explained?.pushes.map(({ request_id }) => request_id)).toEqual(['r1']);
    expect(explained?.truncated).toBeUndefined();
  });

  test('of several apps does not tell those who may see one how much there is of the others', () => {
    const history = openHistory();
    const notifications = ['shop', 'news'].map((app) => ({ platform: 1, tokens: [TOKEN], app }));
    history.events.accepted?.({
      requestId: 'r1',
      traceparent: undefined,
      app: 'shop',
      notifications,
      counts: 2,
      targets: 2,
      acceptedAt: 0,
      principal: undefined,
    });
    history.events.settled?.(settlement([TOKEN], [failed()], { app: 'shop' }));
    const [seen] = history.explain('r1', { apps: new Set(['shop']) })?.pushes ?? [];
    expect([seen?.targets, seen?.status]).toEqual([undefined, 'failed']);
    expect(history.explain('r1', {})?.pushes[0]?.targets).toBe(2);
  });
});

describe('lists', () => {
  test('are filtered, newest first, with a cursor that stays where it was while more comes', () => {
    const history = openHistory();
    const fail = (requestId: string, reason = 'Unregistered', app = 'default') =>
      history.events.settled?.(settlement([TOKEN], [failed({ reason })], { requestId, app, timing }));
    for (let i = 1; i <= 5; i++) fail(`r${i}`, i === 3 ? 'BadTopic' : 'Unregistered', i === 4 ? 'shop' : 'default');
    const names = (page: ReturnType<History['list']>) => page.pushes.map((push) => push.request_id);
    const first = history.list({ kinds: ['failed'], limit: 2 });
    expect(names(first)).toEqual(['r5', 'r4']);
    fail('r6');
    const second = history.list({ kinds: ['failed'], limit: 2, before: first.next });
    expect(names(second)).toEqual(['r3', 'r2']);
    const third = history.list({ kinds: ['failed'], limit: 2, before: second.next });
    expect(names(third)).toEqual(['r1']);
    expect(third.next).toBeUndefined();
    expect(names(history.list({ kinds: ['failed'], limit: 9, reason: 'BadTopic' }))).toEqual(['r3']);
    expect(names(history.list({ kinds: ['failed'], limit: 9, app: 'shop' }))).toEqual(['r4']);
    expect(names(history.list({ kinds: ['failed'], limit: 9, since: START + 31 }))).toEqual([]);
    expect(names(history.list({ kinds: ['delivered'], limit: 9 }))).toEqual([]);
  });

  test('of what is to come are asked for with the place of the list before, oldest first', () => {
    const history = openHistory();
    const fail = (requestId: string, reason = 'Unregistered') =>
      history.events.settled?.(settlement([TOKEN], [failed({ reason })], { requestId, timing }));
    const newer = (after: number, more: object = {}) => history.list({ kinds: ['failed'], limit: 2, after, ...more });
    const names = (page: ReturnType<History['list']>) => page.pushes.map((push) => push.request_id);
    expect(newer(0)).toEqual({ pushes: [], next: undefined, newer: 0 });
    fail('r1');
    const begin = history.list({ kinds: ['failed'], limit: 9 }).newer;
    expect(names(newer(begin))).toEqual([]);
    for (const name of ['r2', 'r3', 'r4']) fail(name, name === 'r3' ? 'BadTopic' : 'Unregistered');
    const first = newer(begin);
    expect(names(first)).toEqual(['r2', 'r3']);
    const second = newer(first.newer);
    expect(names(second)).toEqual(['r4']);
    expect(newer(second.newer)).toMatchObject({ pushes: [], newer: second.newer });
    // What does not fit is passed over for good.
    const rare = newer(begin, { reason: 'BadTopic' });
    expect([names(rare), rare.newer]).toEqual([['r3'], second.newer]);
    // A place of another file, as after a restart with a history in memory.
    expect(newer(1_000_000)).toMatchObject({ pushes: [], newer: second.newer });
  });
});

describe('the file', () => {
  const secrets = [
    randomBytes(32).toString('hex'),
    randomBytes(80).toString('base64url'),
    `+49151${Date.now().toString().slice(-8)}`,
    `${randomBytes(9).toString('hex')}@${randomBytes(9).toString('hex')}.example`,
  ];

  test.each(secrets)(
    'holds no more of %s than its ends, however a provider quotes it, and not the key of its hash',
    (token) => {
      const path = join(folder, 'history.db');
      const history = openHistory({ path });
      history.events.accepted?.(accepted());
      const texts = [token, token.toUpperCase(), encodeURIComponent(token), token.replace('+', '')];
      for (const text of texts) {
        const quoting = failed({ error: `${text} is not valid`, reason: `Bad ${text}`, providerId: `${text}/1` });
        history.events.settled?.(settlement([OTHER, token], [{ kind: 'accepted', session: 1 }, quoting]));
        history.events.retried?.(retried({ targets: [token], failed: quoting }));
      }
      expect(history.explain('r1', { token })?.pushes[0]?.failed).toBe(texts.length);
      const inUse = [...filesOf(folder, 'history.db', 'history.db-wal')];
      history.close();
      open.pop();
      const key = readFileSync(`${path}.key`, 'latin1').trim();
      for (const content of [...inUse, ...filesOf(folder, 'history.db')]) {
        const low = content.toLowerCase();
        expect(content).not.toContain(key);
        for (let at = 0; at + 7 <= token.length; at++) expect(low).not.toContain(token.slice(at, at + 7).toLowerCase());
      }
      expect(statSync(path).mode & 0o777).toBe(0o600);
    },
  );

  test('with a master key nothing on the disk can tell whose a hash is, and a token is still found', () => {
    const path = join(folder, 'history.db');
    const masterKey = randomBytes(32);
    const history = openHistory({ path, masterKey });
    history.events.settled?.(settlement([TOKEN], [failed()]));
    expect(history.explain('r1', { token: TOKEN })).toBeDefined();
    expect(history.explain('r1', { token: OTHER })).toBeUndefined();
    expect(readdirSync(folder).filter((name) => name.endsWith('.key'))).toEqual([]);
  });

  test('of the version that had the key inside has it no more', () => {
    const path = join(folder, 'history.db');
    const before = new DatabaseSync(path);
    const key = randomBytes(32).toString('base64');
    before.exec(`CREATE TABLE fact (seq INTEGER PRIMARY KEY, at INTEGER, kind INTEGER, request TEXT, details TEXT);
      CREATE TABLE secret (only INTEGER PRIMARY KEY, key TEXT); INSERT INTO secret VALUES (1, '${key}'); PRAGMA user_version = 1`);
    before.close();
    expect(filesOf(folder, 'history.db').join()).toContain(key);
    openHistory({ path }).events.settled?.(settlement([TOKEN], [failed()]));
    expect(filesOf(folder, 'history.db', 'history.db-wal').join()).not.toContain(key);
  });

  test('survives the process, and is shared by several', () => {
    const path = join(folder, 'history.db');
    const [one, two] = [openHistory({ path }), openHistory({ path })];
    one.events.settled?.(settlement([TOKEN], [failed()], { requestId: 'r1' }));
    one.list({ kinds: ['failed'], limit: 1 });
    two.events.settled?.(settlement([TOKEN], [failed()], { requestId: 'r2' }));
    expect(two.list({ kinds: ['failed'], limit: 9 }).pushes.map((push) => push.request_id)).toEqual(['r2', 'r1']);
    expect(two.explain('r1', { token: TOKEN })?.pushes[0]?.failed).toBe(1);
    for (const history of open.splice(0)) history.close();
    expect(only(openHistory({ path }), 'r2')?.status).toBe('failed');
  });

  test('forgets what is older than the retention', async () => {
    const history = openHistory();
    history.events.settled?.(settlement([TOKEN], [failed()], { timing }));
    expect(only(history)).toBeDefined();
    now = START + 3_600_031;
    await expect.poll(() => only(history)).toBeUndefined();
  });

  test('stays below its limit: deliveries go first, failures last', async () => {
    const history = openHistory({ maxBytes: 200_000, maxFollowed: 1e6 });
    history.events.settled?.(settlement([TOKEN], [failed()], { requestId: 'bad', timing }));
    for (let i = 0; i < 3000; i++) {
      const requestId = `r${i}`;
      history.events.accepted?.(accepted({ requestId }));
      history.events.settled?.(settlement([TOKEN], [{ kind: 'accepted', session: 1 }], { requestId, timing }));
    }
    expect(only(history, 'r0')).toBeDefined();
    await expect.poll(() => only(history, 'r0')).toBeUndefined();
    expect(only(history, 'bad')).toMatchObject({ status: 'failed' });
  });

  test('is shared by apps: what one writes by the thousand pushes out nothing of another, whose room is known after a restart', async () => {
    const path = join(folder, 'history.db');
    const options = { path, maxBytes: 400_000, maxFollowed: 1e6, maxTroubles: 1e6, apps: () => 2 };
    const push = (history: History, app: string, requestId: string, outcome: Outcome): void => {
      const notifications = [notification({ app })];
      history.events.accepted?.(accepted({ requestId, app, notifications }));
      history.events.settled?.(settlement([TOKEN], [outcome], { requestId, app, timing }));
    };
    const delivered = { kind: 'accepted', session: 1 } as const;
    let history = openHistory(options);
    for (let i = 0; i < 200; i++) push(history, 'quiet', `quiet-${i}`, delivered);
    push(history, 'loud', 'loud-first', delivered);
    history.close();
    open.splice(0);
    history = openHistory(options);
    // Failures are kept longer than deliveries, but not at the cost of others.
    for (let i = 0; i < 3000; i++) push(history, 'loud', `loud-${i}`, i % 2 ? failed() : delivered);
    await expect.poll(() => only(history, 'loud-1')).toBeUndefined();
    expect(only(history, 'loud-first')).toBeUndefined();
    for (let i = 0; i < 200; i++) expect(only(history, `quiet-${i}`)).toMatchObject({ status: 'delivered' });
  });

  test('that is damaged is set aside, and a new one begun', () => {
    const path = join(folder, 'history.db');
    new HistoryFile(path).close();
    writeFileSync(path, readFileSync(path).fill(0xa5, 100));
    const history = openHistory({ path });
    history.events.settled?.(settlement([TOKEN], [failed()], { timing }));
    expect(only(history)).toMatchObject({ status: 'failed' });
    expect(told.join()).toContain('damaged');
    expect(readdirSync(folder)).toContain('history.db.damaged');
  });

  test('that is of something else ends the start by name, and is as it was', () => {
    const path = join(folder, 'customers.db');
    const other = new DatabaseSync(path);
    other.exec("CREATE TABLE fact (text TEXT); INSERT INTO fact VALUES ('keep me')");
    other.close();
    const before = readFileSync(path);
    expect(() => openHistory({ path })).toThrow(`history.path: ${path} holds tables of something else`);
    expect(readFileSync(path)).toEqual(before);
  });

  test('that is damaged while it is in use, and cannot be set aside, is replaced by memory', () => {
    const path = join(folder, 'history.db');
    const history = openHistory({ path });
    // A name that is taken: nothing can be renamed to it.
    mkdirSync(join(folder, 'history.db.damaged', 'full'), { recursive: true });
    const vandal = new DatabaseSync(path);
    vandal.enableDefensive(false);
    vandal.exec('PRAGMA writable_schema = ON; UPDATE sqlite_schema SET rootpage = 99999; PRAGMA schema_version = 999');
    vandal.close();
    for (let i = 0; i < 3; i++) {
      history.events.settled?.(settlement([TOKEN], [failed()], { timing }));
      history.list({ kinds: [], limit: 1 });
    }
    expect(only(history)).toMatchObject({ status: 'failed' });
    expect(told.join()).toContain('malformed');
    expect(told.join()).toContain('kept in memory');
  });

  test('that cannot be opened is replaced by memory, with a warning', () => {
    const history = openHistory({ path: join(folder, 'file', 'history.db') });
    writeFileSync(join(folder, 'plain'), '');
    const other = openHistory({ path: join(folder, 'plain', 'history.db') });
    for (const each of [history, other]) {
      each.events.settled?.(settlement([TOKEN], [failed()], { timing }));
      expect(only(each)).toMatchObject({ status: 'failed' });
    }
    expect(told).toHaveLength(1);
  });
});

describe('so that no push waits for long', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });

  afterEach(() => {
    vi.useRealTimers();
  });

  const ROWS = 300;
  const path = () => join(folder, 'history.db');

  function rowsIn(file: string): number {
    const db = new DatabaseSync(file, { readOnly: true });
    const { rows } = db.prepare('SELECT count(*) AS rows FROM fact').get() as { rows: number };
    db.close();
    return rows;
  }

  function deliver(history: History, count: number): void {
    for (let i = 0; i < count; i++) {
      const requestId = `r${i}`;
      history.events.accepted?.(accepted({ requestId }));
      history.events.settled?.(settlement([TOKEN], [{ kind: 'accepted', session: 1 }], { requestId, timing }));
    }
  }

  const opened = () => openHistory({ path: path(), everyMs: 1000, maxFollowed: 1e6 });

  test.each(['when a second is over', 'or much has happened'])('a few rows are written at once, %s', (when) => {
    const history = opened();
    const isSecond = when === 'when a second is over';
    deliver(history, isSecond ? 200 : ROWS);
    vi.advanceTimersByTime(isSecond ? 1000 : 20);
    expect(rowsIn(path())).toBe(25);
    vi.advanceTimersByTime(20);
    expect(rowsIn(path())).toBe(50);
    vi.advanceTimersByTime(400);
    expect(rowsIn(path())).toBe(isSecond ? 200 : ROWS);
  });

  test('of very many more are written at once: none waits for longer', () => {
    deliver(opened(), 20 * ROWS);
    vi.advanceTimersByTime(1000);
    const first = rowsIn(path());
    expect([first > 25, first < 20 * ROWS]).toEqual([true, true]);
    vi.advanceTimersByTime(1900);
    expect(rowsIn(path())).toBe(20 * ROWS);
  });

  test('who asks for them has all', () => {
    const history = opened();
    deliver(history, ROWS);
    expect(history.list({ kinds: ['delivered'], limit: 1000 }).pushes).toHaveLength(ROWS);
  });

  test('a few are forgotten at once, and the rest soon after', () => {
    const history = opened();
    deliver(history, ROWS);
    history.list({ kinds: [], limit: 1 });
    vi.advanceTimersByTime(999);
    now = START + 3_600_031;
    vi.advanceTimersByTime(1);
    expect(rowsIn(path())).toBe(ROWS - 50);
    vi.advanceTimersByTime(200);
    expect(rowsIn(path())).toBe(0);
  });

  test('those that were written while the clock was ahead keep no others from being forgotten', () => {
    const history = opened();
    const at = (acceptedAt: number) =>
      settlement([TOKEN], [failed()], { requestId: `at ${acceptedAt}`, timing: { ...timing, acceptedAt } });
    for (let i = 0; i < 100; i++) history.events.settled?.(at(START + 1e12 + i));
    history.events.settled?.(at(START));
    history.list({ kinds: [], limit: 1 });
    now = START + 3_600_031;
    vi.advanceTimersByTime(60_000);
    expect(rowsIn(path())).toBe(100);
  });
});

test('a row that cannot be read hides no other; one of a kind that this version does not know is passed over', () => {
  const path = join(folder, 'history.db');
  const history = openHistory({ path });
  for (const requestId of ['r1', 'r2', 'r3']) history.events.settled?.(settlement([TOKEN], [failed()], { requestId }));
  expect(history.explain('r1', {})?.pushes).toHaveLength(1);
  const db = new DatabaseSync(path);
  db.exec(
    "UPDATE fact SET details = 'no json' WHERE request = 'r1'; UPDATE fact SET details = '7' WHERE request = 'r2'",
  );
  db.exec(
    "INSERT INTO fact SELECT seq + 100, at, 99, request, notif, app, reason, details FROM fact WHERE request = 'r3'",
  );
  db.close();
  for (const id of ['r1', 'r2', 'r3']) expect(history.explain(id, {})?.pushes).toHaveLength(1);
  expect(history.list({ kinds: ['failed'], limit: 10 }).pushes).toHaveLength(3);
});
