import { Ajv } from 'ajv';
import { describe, expect, test } from 'vitest';
import { coerce, NumberText } from '../../src/config/coerce.ts';
import { choice, type Leaf, records, shown, text } from '../../src/config/leaf.ts';
import { wanted } from '../../src/config/mistake.ts';
import { configView } from '../../src/config/redact.ts';
import { createConfigSchema } from '../../src/config/schema.ts';
import { fits } from '../../src/config/validate.ts';

const leaf: Leaf = records(
  { id: text('', 'Name.', shown), secret: text('', 'Secret.'), state: choice(['', 'old'], '', 'State.') },
  'Pairs.',
);
const whole = { id: '', secret: '', state: '' };

describe('a list of records', () => {
  test('gets the keys that are left out, and texts of what YAML reads as numbers', () => {
    expect(coerce(leaf, [{ id: new NumberText('007', 7) }, { secret: 's', state: null }])).toEqual([
      { ...whole, id: '007' },
      { ...whole, secret: 's' },
    ]);
  });

  test('is JSON in a variable', () => {
    expect(coerce(leaf, '[{"secret":"s"}]')).toEqual([{ ...whole, secret: 's' }]);
    expect(fits(leaf, coerce(leaf, 'not json'))).toBe(false);
  });

  test.each([
    [[whole], true],
    [[], true],
    [[{ ...whole, state: 'new' }], false],
    [[{ ...whole, other: 1 }], false],
    [[{ ...whole, secret: 7 }], false],
    [['x'], false],
    [[null], false],
    [[[]], false],
    ['x', false],
  ])('%j fits: %s, as JSON Schema says', (value, expected) => {
    expect(fits(leaf, value)).toBe(expected);
    expect(new Ajv({ strict: false }).compile(leaf)(value)).toBe(expected);
  });

  test('is told by its keys', () => {
    expect(wanted(leaf)).toBe('a list of records with id, secret, state');
  });

  test('shows what may be seen of each', () => {
    const schema = createConfigSchema({
      web: { type: 'object', additionalProperties: false, description: '', properties: { pairs: leaf } },
    });
    const config = {
      web: {
        pairs: [
          { id: 'a', secret: 's3cret', state: 'old' },
          { ...whole, id: 'b' },
        ],
      },
    };
    expect(configView(config as never, schema)).toMatchObject({
      web: {
        pairs: [
          { id: 'a', secret: '[REDACTED]', state: 'old' },
          { id: 'b', secret: '' },
        ],
      },
    });
  });
});
