import { expect, test } from 'vitest';
import { redacted, redactedOverride } from '../../../../src/hub/notifications/render/redacted.ts';
import type { JsonObject } from '../../../../src/push/push.ts';

const doc = { title: 'Paid', data: { amount: 5, card: { last: '4242', of: 'ada' }, list: [1] } };

test('takes out what its paths lead to, whatever their order, and nothing else', () => {
  expect(redacted(doc, ['data.amount'], 'New')).toEqual({
    title: 'Paid',
    data: { card: { last: '4242', of: 'ada' }, list: [1] },
  });
  const paths = [
    'data.card.last',
    'data.card',
    'data.card.of',
    'data.list.0',
    'data.amount.x',
    'data.nothing',
    'other.a',
  ];
  for (const some of [paths, paths.toReversed()])
    expect(redacted(doc, some, 'New')).toEqual({ title: 'Paid', data: { amount: 5, list: [1] } });
  expect(redacted(doc, ['title'], 'New')).toEqual({ data: doc.data, message: 'New' });
  expect(redacted(doc, [], 'New')).toBe(doc);
});

/** Of this thread, in microseconds: the least of several. */
function cost(work: () => unknown): number {
  const costs = Array.from({ length: 3 }, () => {
    const before = process.threadCpuUsage();
    work();
    const { user, system } = process.threadCpuUsage(before);
    return user + system;
  });
  return Math.min(...costs);
}

test('two hundred paths cost little more than one', () => {
  const data = Object.fromEntries(Array.from({ length: 20_000 }, (_, index) => [`k${index}`, index])) as JsonObject;
  const paths = Array.from({ length: 200 }, (_, index) => `data.k${index}`);
  for (const redact of [
    (some: readonly string[]) => redacted({ title: 'x', data }, some, 'New'),
    (some: readonly string[]) => redactedOverride({ data }, some),
  ]) {
    expect(Object.keys((redact(paths) as { data: object }).data)).toHaveLength(19_800);
    const one = cost(() => redact(paths.slice(0, 1)));
    expect(cost(() => redact(paths))).toBeLessThan(8 * one + 10_000);
  }
});
