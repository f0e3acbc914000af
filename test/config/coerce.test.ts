import { expect, test } from 'vitest';
import { complaint, load } from './config-folder.ts';

const value = (yaml: string, pick: (config: ReturnType<typeof load>['config']) => unknown): unknown =>
  pick(load(yaml).config);

test.each([
  ['true', true],
  ['"true"', true],
  ['"T"', true],
  ['1', true],
  ['2.5', true],
  ['"0"', false],
  ['0', false],
  ['""', false],
  ['F', false],
])('a boolean may be written as %s', (written, expected) => {
  expect(value(`core: {sync: ${written}}`, (config) => config.core.sync)).toBe(expected);
});

test.each(['yes', 'on', '"2"', '[true]', '{a: 1}'])('a boolean is not %s', (written) => {
  expect(complaint(() => load(`core: {sync: ${written}}`))).toContain('core.sync: must be true or false');
});

test.each([
  ['7', 7],
  ['"7"', 7],
  ['-7', -7],
  ['7.9', 7],
  ['0x10', 16],
  ['"0b101"', 5],
  ['0o17', 15],
  ['017', 15],
  ['1_000', 1000],
  ['true', 1],
  ['""', 0],
])('a whole number may be written as %s', (written, expected) => {
  expect(value(`core: {max_notification: ${written}}`, (config) => config.core.max_notification)).toBe(expected);
});

test.each(['many', '"7.9"', '"1e3"', '[7]', '.inf'])('a whole number is not %s', (written) => {
  expect(complaint(() => load(`core: {max_notification: ${written}}`))).toContain(
    'core.max_notification: must be a whole number',
  );
});

test.each([
  ['0123', '0123'],
  ['1E5', '1E5'],
  ['12345678901234567890', '12345678901234567890'],
  ['true', '1'],
  ['"x y"', 'x y'],
])('a text may be written as %s', (written, expected) => {
  expect(value(`huawei: {appid: ${written}}`, (config) => config.huawei.appid)).toBe(expected);
});

test.each([
  ['1024', 1024],
  ['10MiB', 10 * 2 ** 20],
  ['"1.5 kB"', 1500],
  ['2g', 2 * 2 ** 30],
  ['100b', 100],
])('a size may be written as %s', (written, expected) => {
  expect(value(`core: {max_body: ${written}}`, (config) => config.core.max_body)).toBe(expected);
});

test.each(['0', '-1', 'much', '10 bananas'])('a size is not %s', (written) => {
  expect(complaint(() => load(`core: {max_body: ${written}}`))).toContain(
    'core.max_body: must be a whole number of bytes',
  );
});

test('durations may have fractions', () => {
  expect(
    value('queue: {backoff: 0.25, backoff_max: "1.5"}', (config) => [config.queue.backoff, config.queue.backoff_max]),
  ).toEqual([0.25, 1.5]);
});

test.each([
  ['"a:1 b:2"', ['a:1', 'b:2']],
  ['["a: 1 2", 3, true, null]', ['a: 1 2', '3', 'true', '']],
  ['[]', []],
])('a list may be written as %s', (written, expected) => {
  expect(value(`core: {feedback_header: ${written}}`, (config) => config.core.feedback_header)).toEqual(expected);
});

test.each([
  ['5s', 5],
  ['"1h30m"', 5400],
  ['250ms', 0.25],
  ['"7"', 7],
])('a duration may be written as %s', (written, expected) => {
  expect(value(`hub: {realtime_timeout: ${written}}`, (config) => config.hub.realtime_timeout)).toBe(expected);
});

test.each(['soon', '5 s', '-5s', '5w'])('a duration is not %s', (written) => {
  expect(complaint(() => load(`hub: {realtime_timeout: ${written}}`))).toContain(
    'hub.realtime_timeout: must be a number',
  );
});

test('levels of the log are read in any case', () => {
  expect(value('log: {access_level: WARN}', (config) => config.log.access_level)).toBe('warn');
});
