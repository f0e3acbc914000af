import { expect, test } from 'vitest';
import { Rules } from './rules.ts';

const asked = { host: 'fcm.googleapis.com', path: '/v1/projects/demo-project/messages:send', token: 'f1' };
const statuses = (rules: Rules, times: number) => Array.from({ length: times }, () => rules.match(asked)?.status);

test('the first rule that matches answers', () => {
  const rules = new Rules();
  rules.load([{ host: 'apple', status: 1 }, { token: 'other', status: 2 }, { host: 'fcm', status: 3 }, { status: 4 }]);
  expect(statuses(rules, 2)).toEqual([3, 3]);
  rules.load([{ path: 'messages:send', token: 'f1', status: 5 }]);
  expect(statuses(rules, 1)).toEqual([5]);
});

test('a rule lets some pass, answers some, and is spent', () => {
  const rules = new Rules();
  rules.load([
    { skip: 1, times: 2, status: 503 },
    { times: 1, status: 429 },
  ]);
  expect(statuses(rules, 5)).toEqual([429, 503, 503, undefined, undefined]);
});

test('a new script forgets the old one', () => {
  const rules = new Rules();
  rules.load([{ status: 500 }]);
  rules.load();
  expect(rules.match(asked)).toBeUndefined();
});
