import { expect, test } from 'vitest';
import { withoutTargets } from '../../../src/observe/history/without-targets.ts';
import { settlement } from '../../support/settlement.ts';

const TOKEN = 'a1b2c3d4'.repeat(8);
const MASK = 'a1b2c3…c3d4';

const about = (...targets: string[]) => settlement(targets);

test.each([
  [`the token ${TOKEN} is not valid`, `the token ${MASK} is not valid`],
  [`${TOKEN.toUpperCase()}, ${TOKEN}`, `${MASK}, ${MASK}`],
  ['no token at all', 'no token at all'],
])('%s', (text, clean) => {
  expect(withoutTargets(text, about('other-token-of-the-batch', TOKEN))).toBe(clean);
});

test.each([
  ['jane.doe@mail.example', '550 5.1.1 <Jane.Doe@MAIL.example>: no such user'],
  ['jane+x@mail.example', 'unknown: jane%2Bx%40mail.example'],
  ['+4915112345678', 'The number 4915112345678 is not valid'],
  ['topic"of\\mine', 'no topic {"topic":"topic\\"of\\\\mine"}'],
  ['İstanbul-topic', 'no İstanbul-topic here'],
])('%s is not to be seen in a text that quotes it', (target, text) => {
  const clean = withoutTargets(text, about(target));
  expect(clean).toContain('*'.repeat(Math.min(target.length, 24)));
  expect(clean.toLowerCase()).not.toContain(target.slice(1, -1).toLowerCase());
});

test('the address of a subscription is masked, and the JSON that it came as', () => {
  const endpoint = 'https://push.example/send/secret-of-one-browser-and-no-other';
  const target = JSON.stringify({ endpoint, keys: {} });
  const its = { ...about(target), kind: 'subscription' as const, targetForm: { shown: () => endpoint } };
  for (const text of [endpoint, `refused: ${target}`, `refused: ${encodeURIComponent(endpoint)}`])
    expect(withoutTargets(text, its)).not.toContain('browser');
});
