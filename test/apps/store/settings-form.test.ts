import { Ajv } from 'ajv';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formMistakes } from '../../../src/apps/store/settings-form.ts';
import { refusedKeys, settingsPatchSchema, settingsSchema } from '../../../src/apps/store/settings-schema.ts';
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

/** What a key of its type wants, within its bounds. */
function rightValue({ type, enum: words, minimum = 0, maximum = 50 }: Leaf): fc.Arbitrary<unknown> {
  if (words) return fc.constantFrom(...words);
  if (type === 'boolean') return fc.boolean();
  if (type === 'array') return fc.constantFrom([], ['a', 'b']);
  if (type === 'string') return fc.constantFrom('p8', 'pem', '', 'text');
  return fc.integer({ min: minimum, max: Math.max(minimum, Math.min(maximum, 50)) });
}

const refused = refusedKeys(builtIn);

/** Mostly what the key wants. */
function leafValue(leaf: Leaf): fc.Arbitrary<unknown> {
  const shape = recordShape(leaf);
  const right = shape ? fc.array(objectOf(shape.properties, leafValue), { maxLength: 2 }) : rightValue(leaf);
  return fc.oneof({ weight: 300, arbitrary: right }, value);
}

function objectOf<T>(children: Readonly<Record<string, T>>, of: (child: T) => fc.Arbitrary<unknown>) {
  const entries = Object.entries(children).map(([key, child]) => [key, of(child)]);
  return fc.record(Object.fromEntries(entries), { requiredKeys: [] }) as fc.Arbitrary<object>;
}

/** Settings with some keys of a section, and now and then one that callers may not set. */
function bodyOf(section: Section | NamedSections, prefix = ''): fc.Arbitrary<unknown> {
  if (section.additionalProperties !== false) return value;
  const mine = Object.entries(section.properties).filter(
    ([key]) => !(`${prefix}${key}` in refused) && !/_path|url/.test(key),
  );
  const values = mine.map(([key, child]) => [
    key,
    child.type === 'object'
      ? fc.oneof({ weight: 80, arbitrary: bodyOf(child, `${prefix}${key}.`) }, value)
      : leafValue(child),
  ]);
  const known = objectOf<fc.Arbitrary<unknown>>(Object.fromEntries(values), (each) => each);
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
    expect(Math.min(seen.right, seen.wrong), JSON.stringify(seen)).toBeGreaterThan(50);
  });
});

test('a mistake is said at its key, once', () => {
  expect(formMistakes({ android: { credential: [1, 2] }, ios: { key_type: 1 } })).toEqual([
    { path: 'android.credential', reason: expect.stringMatching(/^must be /) },
    { path: 'ios.key_type', reason: 'must be one of p8, pem, p12' },
  ]);
});
