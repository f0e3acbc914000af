import { expect, test } from 'vitest';
import { Outflow, type OutflowTarget } from '../../../../src/api/hub/streams/outflow.ts';

/** A client that takes what it is told to take, in order. */
class Client implements OutflowTarget {
  now = 0;
  readonly waiting: (() => void)[] = [];
  readonly got: Buffer[] = [];
  readonly ends: boolean[] = [];

  write(text: string, taken?: () => void): void {
    this.got.push(Buffer.from(text));
    if (taken) this.waiting.push(taken);
  }

  writePart(part: Uint8Array, isLast: boolean, taken: () => void): void {
    this.got.push(Buffer.from(part));
    this.ends.push(isLast);
    this.waiting.push(taken);
  }

  take(): void {
    this.waiting.shift()?.();
  }
}

function opened() {
  const client = new Client();
  const out = new Outflow(client, () => client.now);
  let resumed = 0;
  out.resume = () => {
    resumed++;
  };
  return { client, out, resumed: () => resumed };
}

test('what is small is not waited for, until a client has taken nothing for some kilobytes', () => {
  const { client, out, resumed } = opened();
  expect(out.write('x'.repeat(8000))).toBe(true);
  expect(out.blockedAt).toBeUndefined();
  client.now = 5;
  expect(out.write('x'.repeat(1000))).toBe(false);
  expect(out.blockedAt).toBe(5);
  client.take();
  expect([out.blockedAt, resumed()]).toEqual([undefined, 1]);
});

test('a client that takes a large event slowly is not one that takes nothing', () => {
  const { client, out, resumed } = opened();
  const event = 'ä🦉'.repeat(40_000);
  expect(out.write(event)).toBe(false);
  const parts = client.waiting.length;
  expect(parts).toBeGreaterThan(10);
  for (let part = 1; part < parts; part++) {
    client.now += 9000;
    client.take();
    expect(out.blockedAt, 'it took a part just now').toBe(client.now);
    expect(resumed()).toBe(0);
  }
  client.now += 20_000;
  expect(client.now - (out.blockedAt ?? 0), 'it takes nothing any more').toBe(20_000);
  client.take();
  expect([out.blockedAt, resumed()]).toEqual([undefined, 1]);
  expect(Buffer.concat(client.got).toString()).toBe(event);
  expect(client.ends).toEqual([...Array(parts - 1).fill(false), true]);
});
