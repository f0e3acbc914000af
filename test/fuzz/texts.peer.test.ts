import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { needs } from '../support/needs.ts';
import { fuzzTexts } from './texts/fuzz-texts.ts';
import { parserSteps } from './texts/parser-steps.ts';
import { textShape } from './texts/text-shape.ts';
import { unevenStep } from './texts/uneven-step.ts';

const SEED = 20_260_101;

describe('texts of any shape', () => {
  test('cost each step of a parser in proportion to their length', () => {
    expect(Object.keys(parserSteps).length).toBeGreaterThan(20);
    fc.assert(
      fc.property(textShape, (shape) => {
        expect(unevenStep(shape)).toBeUndefined();
      }),
      { numRuns: 12, seed: SEED, endOnFailure: true },
    );
  });

  test('and a step that takes their square is found', () => {
    const square = (text: string): number => {
      let sum = 0;
      // Without garbage, which would take as long of a tenth.
      for (let from = 0; from < text.length; from += 100)
        for (let at = from; at < text.length; at++) sum += text.charCodeAt(at);
      return sum;
    };
    const shape = { name: 'letters', of: (length: number) => 'x'.repeat(length) };
    expect(unevenStep(shape, { square })).toContain('square with letters');
  });

  test(
    'and sizes, by any field and name, neither stall the relay nor are written more than three times',
    needs('linux'),
    async () => {
      const { doors, texts, healthy } = await fuzzTexts({ runs: 120, seed: SEED });
      // More than a thousand of HTTP, hundreds of gRPC.
      expect(doors).toBeGreaterThan(1500);
      expect(healthy).toBeGreaterThanOrEqual(2 * texts);
    },
  );
});
