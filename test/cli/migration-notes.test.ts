import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { migrationNotes } from '../../src/cli/migration-notes.ts';
import { load } from '../config/config-folder.ts';

const notes = (yaml: string): string[] => migrationNotes(load(yaml));
const about = (key: string, yaml: string): string | undefined =>
  notes(yaml)
    .find((note) => note.startsWith(`${key}: `))
    ?.slice(key.length + 2);

test('a file that sets nothing hears only of what its defaults mean', () => {
  const keys = notes('').map((note) => note.slice(0, note.indexOf(':')));
  expect(keys).toEqual([
    'core.shutdown_timeout',
    'log.hide_token',
    'ios.max_retry',
    'android.max_retry',
    'android.enabled',
    'huawei.max_retry',
    'huawei.enabled',
    'queue.engine',
  ]);
});

test.each([
  ['core.sync', 'core: {sync: true}', /failed entry for every token/],
  ['core.sync', 'core: {sync: true}\nqueue: {engine: redis}', undefined],
  ['core.shutdown_timeout', 'core: {shutdown_timeout: 50, shutdown_delay: 5}', /longer than 55 s/],
  ['core.worker_num', 'core: {worker_num: 0}', /does not limit pushes/],
  ['core.queue_num', 'core: {queue_num: 100}', /503/],
  ['core.feedback_hook_url', 'core: {feedback_hook_url: "http://localhost:1"}', /again until it answers 2xx/],
  ['core.feedback_header', 'core: {feedback_header: ["a:b"]}', undefined],
  ['core.feedback_header', 'core: {feedback_header: ["a:b", "x:http://c"]}', /first colon/],
  ['log.hide_token', 'log: {hide_token: false}', undefined],
  ['ios.max_concurrent_pushes', 'ios: {max_concurrent_pushes: 50}', /slice/],
  ['ios.max_retry', 'ios: {max_retry: 0}', /^0: a 429 or a 5xx is final/],
  ['ios.max_retry', 'ios: {max_retry: 5}', /^5: with backoff/],
  ['ios.max_retry', 'ios: {enabled: false}', undefined],
  ['android.enabled', 'android: {enabled: true}', /dry_run/],
  ['android.enabled', 'android: {enabled: false}', undefined],
  ['queue.engine', 'queue: {engine: redis}', /^redis: entries that a Gorush left/],
  ['queue.engine', 'queue: {engine: nats}', /^nats: JetStream is needed/],
  ['queue.engine', 'queue: {local: {path: /var/lib/x.db}}', /\/var\/lib\/x\.db/],
  ['queue.engine', 'queue: {local: {path: ""}}', /in memory/],
  ['stat.engine', 'stat: {engine: memory}', undefined],
  ['stat.engine', 'stat: {engine: redis}', /go on from where Gorush left them/],
  ['stat.engine', 'stat: {engine: badger, badgerdb: {path: /no/b}}', /^badger: counters are in \/no\/b \(SQLite\)/],
])('%s is told of for %j', (key, yaml, text) => {
  if (text) expect(about(key, yaml)).toMatch(text);
  else expect(about(key, yaml)).toBe(undefined);
});

test('counters of a real engine are said to stay where they are', () => {
  const folder = mkdtempSync(join(tmpdir(), 'martlet-notes-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'level.db');
  mkdirSync(path);
  writeFileSync(join(path, 'CURRENT'), '');
  expect(about('stat.engine', `stat: {engine: leveldb, leveldb: {path: ${path}}}`)).toBe(
    `leveldb: counters are in ${join(path, 'martlet.sqlite')} (SQLite) and begin at 0; ${path} is a folder, as leveldb makes it`,
  );
});
