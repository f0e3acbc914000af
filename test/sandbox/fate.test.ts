import { expect, test } from 'vitest';
import { fateOf, fates } from '../../src/sandbox/fate.ts';

test('each fate is spelled in hexadecimal and in words', () => {
  for (const [name, { hex }] of Object.entries(fates)) {
    expect(fateOf(hex.padEnd(64, '7'))).toBe(name);
    expect(fateOf(`sandbox-${name}`)).toBe(name);
    expect(fateOf(`sandbox-${name}-1`)).toBe(name);
  }
});

test('other tokens have none', () => {
  for (const token of ['', 'dead', 'deadbeef00', 'sandbox-', 'sandbox-busybody', 'a1b2']) {
    expect(fateOf(token)).toBeUndefined();
  }
});
