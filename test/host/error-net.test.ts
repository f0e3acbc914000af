import { expect, test } from 'vitest';
import { createErrorNet } from '../../src/host/error-net.ts';
import { BrokenDeliveryError, vital } from '../../src/kit/vital.ts';

function openNet() {
  const lines: { message: string; fields: Record<string, unknown> }[] = [];
  const clock = { now: 0 };
  let ended = 0;
  const net = createErrorNet({
    log: { error: (message, fields = {}) => lines.push({ message, fields }), flush: () => {} },
    end: () => ended++,
    now: () => clock.now,
  });
  return { net, lines, clock, ended: () => ended };
}

test('an error of a socket is logged with its code and its place, and the process goes on', () => {
  const { net, lines, ended } = openNet();
  net(Object.assign(new Error('connect ENETUNREACH'), { code: 'ENETUNREACH' }));
  expect(ended()).toBe(0);
  expect(lines).toHaveLength(1);
  expect(lines[0]?.fields).toMatchObject({
    error: 'Error',
    code: 'ENETUNREACH',
    reason: 'connect ENETUNREACH',
    count: 1,
  });
  expect(lines[0]?.fields.at).toContain('error-net.test.ts');
});

test('an error on the way of a push ends the process, after the log is written', () => {
  const { net, lines, ended } = openNet();
  const settle = vital('settling outcomes', () => {
    throw new TypeError('entry is undefined');
  });
  let thrown: unknown;
  try {
    settle();
  } catch (error) {
    thrown = error;
  }
  net(thrown);
  expect(thrown).toBeInstanceOf(BrokenDeliveryError);
  expect(ended()).toBe(1);
  expect(lines[0]?.message).toContain('settling outcomes failed');
  expect(lines[0]?.fields).toMatchObject({ error: 'TypeError', reason: 'entry is undefined' });
});

test('the same error again and again is one line a minute with its number', () => {
  const { net, lines, clock } = openNet();
  const error = new Error('again');
  for (let i = 0; i < 1000; i++) net(error);
  clock.now = 60_001;
  net(error);
  expect(lines.map(({ fields }) => fields.count)).toEqual([1, 1000]);
});

test('what JSON.parse quotes of unreadable text is not in the log', () => {
  const { net, lines } = openNet();
  try {
    JSON.parse('"device-token-4711');
  } catch (error) {
    net(error);
  }
  expect(JSON.stringify(lines)).not.toContain('4711');
});

test('what is thrown without being an error is logged as well', () => {
  const { net, lines } = openNet();
  net(undefined);
  net('text');
  expect(lines).toHaveLength(2);
});
