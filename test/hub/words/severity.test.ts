import { expect, test } from 'vitest';
import { atLeast, sameSeverity, severityRank } from '../../../src/hub/words/severity.ts';

test('SEV-1 to SEV-5 and the five words have the same ranks, in any case', () => {
  expect(['SEV-1', 'sev-3', 'SEV5', 'Critical', 'info', 'low'].map(severityRank)).toEqual([1, 3, 5, 1, 5, 4]);
  expect(['error', 'Warning'].map(severityRank)).toEqual([2, 3]);
  expect(severityRank('P1')).toBeUndefined();
  expect(severityRank('SEV-6')).toBeUndefined();
});

test('words of one rank are the same, other words only in any case', () => {
  expect(sameSeverity('critical', 'SEV-1')).toBe(true);
  expect(sameSeverity('SEV-2', 'SEV-1')).toBe(false);
  expect(sameSeverity('P1', 'p1')).toBe(true);
  expect(sameSeverity('P1', 'SEV-1')).toBe(false);
});

test('a severity passes when it is at least as bad, and when it cannot be compared', () => {
  expect(atLeast('SEV-1', 'SEV-2')).toBe(true);
  expect(atLeast('high', 'SEV-2')).toBe(true);
  expect(atLeast('SEV-3', 'SEV-2')).toBe(false);
  expect(atLeast('P4', 'SEV-2')).toBe(true);
});
