import { expect, test } from 'vitest';
import { maskTarget } from '../../../src/observe/history/token-mask.ts';

const ENDPOINT = 'https://fcm.googleapis.com/fcm/send/dXQ3fT-secret-of-one-browser';

test.each([
  ['token', 'a1b2c3d4a1b2c3d4a1b2c3d4a1b2c3d4', 'a1b2c3…c3d4'],
  ['token', 'short', '*****'],
  ['token', 'jane.doe@mail.of-an-example.com', '************************'],
  ['token', 'https://user@push.example/send/secret', 'https:…cret'],
  ['topic', 'news', 'news'],
  ['condition', "'a' in topics", "'a' in topics"],
  ['subscription', ENDPOINT, 'https://fcm.googleapis.com/…wser'],
  ['subscription', 'https://fcm.googleapis.com/abc', 'https://fcm.googleapis.com/…'],
  ['subscription', 'no address, and longer than most', '…most'],
] as const)('of a %s %s is kept %s', (kind, target, mask) => {
  expect(maskTarget(target, kind)).toBe(mask);
});
