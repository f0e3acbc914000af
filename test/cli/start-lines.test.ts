import { expect, test } from 'vitest';
import { placeLines, startLines } from '../../src/cli/start-lines.ts';
import { load } from '../config/config-folder.ts';

const local = 'core: {address: "127.0.0.1"}\n';

test('a start says which file it read, where pushes go, where they wait and what is kept of them', () => {
  const loaded = load(`sandbox: {enabled: true}\nhuawei: {enabled: false}\napps: {acme: {default_topic: a}}`);
  expect(startLines(loaded)).toEqual([
    expect.stringMatching(/^configuration: .*config\.yml$/),
    expect.stringMatching(/^sends to: APNs, FCM, .*, and for 1 more apps$/),
    'queue: data/queue.db; history: data/history.db, for 24 h',
  ]);
  expect(startLines(loaded)[1]).not.toContain('HMS');
  const memory = load('sandbox: {enabled: true}\nqueue: {local: {path: ""}}\nhistory: {enabled: false}');
  expect(startLines(memory)[2]).toBe('queue: in memory, and lost with the process; history: off');
});

test('and where the console is, or why it is closed', () => {
  const { config } = load(`sandbox: {enabled: true}\n${local}`);
  const at = { url: 'http://127.0.0.1:8088', adminUrl: undefined };
  expect(placeLines(config, at)).toEqual([
    'the console is at http://127.0.0.1:8088/console, the API at http://127.0.0.1:8088/docs, the guides at http://127.0.0.1:8088/docs/guides',
  ]);
  expect(placeLines(config, { ...at, url: undefined })).toEqual([]);
  expect(placeLines(load('sandbox: {enabled: true}\ncore: {address: ""}').config, at)).toEqual([
    'the console is for administrators, and without authentication every caller is one: set auth.keys, or core.address to 127.0.0.1',
  ]);
});
