import fc, { type Arbitrary } from 'fast-check';
import { SHAPES } from '../../attacks/text-fields.ts';

/** A text of any length. */
export interface TextShape {
  readonly name: string;
  /** @param length in characters of UTF-16, about */
  readonly of: (length: number) => string;
}

/** What has a meaning to one parser or another: of JSON, headers, addresses, paths, encodings, numbers, dates, patterns. */
const CHARACTERS = [
  ...':;,.-+_=~^$|!?*#%&@/\\"\'`<>()[]{}0159eExXaZ \t\r\n\u0000\u0001\u001b\u007f\u0085\u00a0\u2028\ufeffé߀😀\ud800\udc00',
];

const piece = (maxLength: number): Arbitrary<string> =>
  fc.array(fc.constantFrom(...CHARACTERS), { minLength: 1, maxLength }).map((characters) => characters.join(''));

const pumped: Arbitrary<TextShape> = fc
  .tuple(fc.oneof(fc.constant(''), piece(4)), piece(8), fc.oneof(fc.constant(''), piece(4)))
  .map(([before, again, after]) => ({
    name: JSON.stringify([before, again, after]),
    of: (length) => before + again.repeat(Math.ceil(length / again.length)).slice(0, length) + after,
  }));

/** Known ones, and any that repeat a piece: `[before, again, after]`. */
export const textShape: Arbitrary<TextShape> = fc.oneof(
  { weight: 3, arbitrary: pumped },
  { weight: 1, arbitrary: fc.constantFrom(...Object.entries(SHAPES).map(([name, of]) => ({ name, of }))) },
);

export const LETTERS: TextShape = { name: 'letters', of: (length) => 'x'.repeat(length) };
