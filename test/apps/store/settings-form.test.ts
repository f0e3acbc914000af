import { Ajv } from 'ajv';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formMistakes } from '../../../src/apps/store/settings-form.ts';
import { settingsPatchSchema, settingsSchema } from '../../../src/apps/store/settings-schema.ts';
import { type Leaf, type NamedSections, recordShape, type Section } from '../../../src/config/leaf.ts';
import { builtIn } from '../../../src/providers/registry.ts';

const ajv = new Ajv({ strict: false, strictNumbers: true, allErrors: true });
const schemas = { whole: ajv.compile(settingsSchema()), patch: ajv.compile(settingsPatchSchema()) };

const value = fc.oneof(
  fc.constantFrom<unknown>(
    '',
    'p8',
    'pem',
    'text',
    null,
    true,
    [],
    ['a'],
    ['a', 1],
    {},
    { a: 'b' },
    { a: 1 },
    [{}],
    [1],
  ),
  fc.integer({ min: -2, max: 2000 }),
  fc.double(),
);

const ofType: Record<Leaf['type'], fc.Arbitrary<unknown>> = {
  string: fc.constantFrom('p8', 'pem', '', 'text'),
  boolean: fc.boolean(),
  integer: fc.integer({ min: 0, max: 50 }),
  number: fc.integer({ min: 0, max: 50 }),
  array: fc.constantFrom([], ['a', 'b']),
};

/** Mostly what the key wants. */
function leafValue(leaf: Leaf): fc.Arbitrary<unknown> {
  const shape = recordShape(leaf);
  const right = shape ? fc.array(objectOf(shape.properties, leafValue), { maxLength: 2 }) : ofType[leaf.type];
  return fc.oneof({ weight: 150, arbitrary: right }, value);
}

function objectOf<T>(children: Readonly<Record<string, T>>, of: (child: T) => fc.Arbitrary<unknown>) {
  const entries = Object.entries(children).map(([key, child]) => [key, of(child)]);
  return fc.record(Object.fromEntries(entries), { requiredKeys: [] }) as fc.Arbitrary<object>;
}

/** Settings with some keys of a section, and now and then one that callers may not set. */
function bodyOf(section: Section | NamedSections): fc.Arbitrary<unknown> {
  if (section.additionalProperties !== false) return value;
  const mine = Object.entries(section.properties).filter(([key]) => !/endpoint|_path|allow_private|url/.test(key));
  const known = objectOf(Object.fromEntries(mine), (child) =>
    child.type === 'object' ? fc.oneof({ weight: 80, arbitrary: bodyOf(child) }, value) : leafValue(child),
  );
  const strange = fc.record({ key_path: value, endpoint: value, constructor: value }, { requiredKeys: [] });
  const both = fc.tuple(known, strange).map((parts) => Object.assign({}, ...parts));
  return fc.oneof({ weight: 80, arbitrary: known }, both);
}

describe.each(['whole', 'patch'] as const)('the form of settings (%s)', (kind) => {
  test('is right just when JSON Schema says so of the description in the API', () => {
    const seen = { right: 0, wrong: 0 };
    fc.assert(
      fc.property(fc.oneof({ weight: 9, arbitrary: bodyOf(builtIn.configSchema.app) }, value), (body) => {
        const isRight = schemas[kind](body);
        seen[isRight ? 'right' : 'wrong']++;
        expect([formMistakes(body, kind), schemas[kind].errors]).toEqual(
          isRight ? [[], null] : [expect.arrayContaining([expect.anything()]), expect.anything()],
        );
      }),
      { numRuns: 2000 },
    );
    for (const count of Object.values(seen)) expect(count).toBeGreaterThan(50);
  });
});

test('a mistake is said at its key, once', () => {
  expect(formMistakes({ android: { credential: { a: 1, b: 2 } }, ios: { key_type: 1 } })).toEqual([
    { path: 'android.credential', reason: expect.stringMatching(/^must be /) },
    { path: 'ios.key_type', reason: 'must be one of p8, pem, p12' },
  ]);
});
