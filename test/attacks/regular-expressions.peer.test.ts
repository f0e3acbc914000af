import { describe, expect, it } from 'vitest';
import { sourceExpressions } from './source-expressions.ts';
import { weaknessOf } from './weak-expression.ts';

describe('regular expressions of src/', () => {
  it('are tried with texts that find the known kinds of weakness', () => {
    const weak = [/[:,[]\s*-?(?:\d{16}\d*|\d+[.eE])[\d.eE+-]*\s*[,}\]]/, /^[ \t]+|[ \t]+$/g, /^(a|a)*$/, /^(\d+)*$/];
    const spans = [/"(?:[^"\\]|\\[\s\S])*"/g, /-----BEGIN ([A-Z0-9 ]+)-----[\s\S]*?-----END \1-----/g];
    for (const each of [...weak, ...spans]) expect(weaknessOf(each, 12, 1), String(each)).toBeDefined();
    for (const each of [/^\d+$/, /^[ \t]*x/, /[\r\n]+/g, /^(?:[A-Za-z0-9+/]{4})*=?$/])
      expect(weaknessOf(each, 12, 1), String(each)).toBeUndefined();
  });

  it('take time in proportion to the text that they are given', () => {
    const expressions = sourceExpressions();
    expect(expressions.length).toBeGreaterThan(150);
    const weak = expressions.flatMap(({ place, expression }) => {
      const why = weaknessOf(expression, 12, 1);
      return why === undefined ? [] : [`${place} ${expression}: ${why}`];
    });
    expect(weak).toEqual([]);
  });
});
