import { expect, test } from 'vitest';
import { closest, covers } from '../../../src/hub/words/type-pattern.ts';

test.each([
  ['incident.created', 'incident.created', true],
  ['incident.created', 'incident.createdx', false],
  ['incident.*', 'incident.created', true],
  ['incident.*', 'incident.', true],
  ['incident.*', 'incident', false],
  ['*', 'anything', true],
  ['*.created', 'task.created', true],
  ['a*b*c', 'a-b-c', true],
  ['a*b*c', 'abc', true],
  ['a*b*c', 'ac', false],
  ['ab*ba', 'aba', false],
  ['a**', 'a', true],
  ['INCIDENT.*', 'incident.created', false],
])('%s covers %s: %s', (pattern, type, is) => {
  expect(covers(pattern, type)).toBe(is);
});

test('the longest literal beginning decides, and the star alone comes last', () => {
  const said = { '*': 'rest', 'incident.*': 'incidents', 'incident.sla.*': 'sla', 'incident.created': 'created' };
  expect(closest(said, 'incident.created')).toEqual(['incident.created', 'created']);
  expect(closest(said, 'incident.sla.breach')).toEqual(['incident.sla.*', 'sla']);
  expect(closest(said, 'incident.resolved')).toEqual(['incident.*', 'incidents']);
  expect(closest(said, 'task.done')).toEqual(['*', 'rest']);
  expect(closest({ 'task.*': 1 }, 'incident')).toBeUndefined();
  expect(closest(undefined, 'incident')).toBeUndefined();
});

test('a pattern of many stars takes no longer than it is long', () => {
  expect(covers('*a'.repeat(60), 'a'.repeat(128))).toBe(true);
  expect(covers(`${'*a'.repeat(60)}b`, 'a'.repeat(128))).toBe(false);
});
