import { expect, test } from 'vitest';
import { openRooms } from '../../src/host/connection-rooms.ts';

const said = (wanted: { callers: number; streams: number | undefined }, descriptors: number) => {
  const lines: string[] = [];
  openRooms(
    wanted,
    { info: (text) => void lines.push(`info ${text}`), warn: (text) => void lines.push(`warn ${text}`) },
    descriptors,
  );
  return lines.map((line) => line.split(':')[0]);
};

test('the streams that are allowed where nothing is configured are no warning on a machine that has fewer files', () => {
  expect(said({ callers: 10_000, streams: 20_000 }, 20_000)).toEqual(['info hub.streams.max']);
});

test('streams that were asked for and cannot be had are a warning', () => {
  expect(said({ callers: 10_000, streams: 15_000 }, 20_000)).toEqual(['warn hub.streams.max']);
});

test('connections that cannot be had are a warning', () => {
  expect(said({ callers: 10_000, streams: undefined }, 4096)).toEqual(['warn core.max_connections']);
});

test('nothing is said where the system allows what is configured', () => {
  expect(said({ callers: 10_000, streams: 20_000 }, 1_000_000)).toEqual([]);
});
