import { expect, test } from 'vitest';
import { isSampled, packTrace, readTraceContext, traceIdOf, unpackTrace } from '../../src/push/trace-context.ts';

const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

test('a traceparent of the recommendation, or of a later version, is read', () => {
  expect(readTraceContext(TRACEPARENT)).toEqual({ traceparent: TRACEPARENT });
  expect(readTraceContext(`cc${TRACEPARENT.slice(2)}-more`)).toBeDefined();
  expect(traceIdOf(TRACEPARENT)).toBe('0af7651916cd43dd8448eb211c80319c');
  expect([isSampled(TRACEPARENT), isSampled(TRACEPARENT.replace(/01$/, '02'))]).toEqual([true, false]);
});

test.each([
  ['nothing', undefined],
  ['two of them', [TRACEPARENT, TRACEPARENT]],
  ['upper case', TRACEPARENT.toUpperCase()],
  ['version ff', `ff${TRACEPARENT.slice(2)}`],
  ['more than version 00 has', `${TRACEPARENT}-more`],
  ['a trace id of zeros', `00-${'0'.repeat(32)}-b7ad6b7169203331-01`],
  ['a parent id of zeros', `00-0af7651916cd43dd8448eb211c80319c-${'0'.repeat(16)}-01`],
  ['a line break', `${TRACEPARENT}\n`],
])('%s is no traceparent', (_, header) => {
  expect(readTraceContext(header)).toBeUndefined();
});

test('tracestate goes along, unless it is too long or could break a header', () => {
  expect(readTraceContext(TRACEPARENT, ['a=1', 'b=2'])).toMatchObject({ tracestate: 'a=1,b=2' });
  expect(readTraceContext(TRACEPARENT, 'a=\r\nx: y')).toEqual({ traceparent: TRACEPARENT });
  expect(readTraceContext(TRACEPARENT, `a=${'x'.repeat(600)}`)).toEqual({ traceparent: TRACEPARENT });
});

test('what is packed for a file or a broker comes back, and nothing comes of rubbish', () => {
  for (const context of [{ traceparent: TRACEPARENT }, { traceparent: TRACEPARENT, tracestate: 'a=1' }])
    expect(unpackTrace(packTrace(context))).toEqual(context);
  expect(packTrace({})).toBeUndefined();
  for (const rubbish of [undefined, null, 7, '', 'x\ny']) expect(unpackTrace(rubbish)).toEqual({});
});
