import { expect, test } from 'vitest';
import { oneTypeEach } from '../../../src/api/openapi/one-type-each.ts';

test('a schema of several types becomes one of each, with what is said of the value outside', () => {
  expect(oneTypeEach({ type: ['string', 'integer'], description: 'x', minimum: 1 })).toEqual({
    description: 'x',
    anyOf: [
      { minimum: 1, type: 'string' },
      { minimum: 1, type: 'integer' },
    ],
  });
});

test('null stays beside one type, and is a type of its own beside two', () => {
  expect(oneTypeEach({ type: ['string', 'null'] })).toEqual({ type: ['string', 'null'] });
  expect(oneTypeEach({ type: ['string', 'object', 'null'], additionalProperties: true })).toEqual({
    anyOf: [
      { additionalProperties: true, type: 'string' },
      { additionalProperties: true, type: 'object' },
      { type: 'null' },
    ],
  });
});

test('schemas inside schemas and lists are found, other values stay as they are', () => {
  const inner = { properties: { a: { items: { type: ['number', 'string'] } } }, examples: [1, null, 'type'] };
  expect(oneTypeEach(inner)).toEqual({
    properties: { a: { items: { anyOf: [{ type: 'number' }, { type: 'string' }] } } },
    examples: [1, null, 'type'],
  });
});
