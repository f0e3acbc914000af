import { Ajv } from 'ajv';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fits } from '../../src/config/validate.ts';
import { configKeys } from '../support/config.ts';

const texts = ['', 'pem', 'p8', 'https://h.example', 'text', '/x'];
const anything = fc.oneof(
  fc.constantFrom<unknown>(...texts, null, true, false, [], ['push'], ['x', 1], {}),
  fc.double(),
  fc.integer({ min: -10, max: 2000 }),
  fc.string(),
);

test('a value fits a key just when JSON Schema says so', () => {
  // JSON has neither infinities nor NaN, YAML does.
  const ajv = new Ajv({ strict: false, strictNumbers: true });
  const checks = configKeys.map(({ path, leaf }) => ({ path, leaf, validate: ajv.compile(leaf) }));
  fc.assert(
    fc.property(anything, (value) => {
      for (const { path, leaf, validate } of checks) expect([path, fits(leaf, value)]).toEqual([path, validate(value)]);
    }),
    { numRuns: 200 },
  );
});
