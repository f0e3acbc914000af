import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  NO_MARKS,
  type StatusLog,
  type StatusMark,
  statusOf,
  withMark,
} from '../../../../src/hub/incidents/state/status-log.ts';

const mark = (at: number, kind: StatusMark['kind'], by = 'ada', word?: string): StatusMark => ({
  ...{ at, kind, by },
  ...(word === undefined ? {} : { word }),
});
const put = (at: number, word: string): StatusMark => mark(at, 'set', 'app', word);
const logOf = (marks: readonly StatusMark[]): StatusLog => marks.reduce(withMark, NO_MARKS);

describe('the status of an incident', () => {
  test.each<[string, StatusMark[], string]>([
    ['is open when it is seen', [mark(1, 'seen')], 'open open'],
    [
      'is acknowledged, then resolved',
      [put(1, 'open'), mark(2, 'acknowledge'), mark(3, 'resolve')],
      'resolved resolved',
    ],
    [
      'stays resolved when it is acknowledged later',
      [put(1, 'open'), mark(2, 'resolve'), mark(3, 'acknowledge')],
      'resolved resolved',
    ],
    [
      'is resolved when both come at one instant',
      [put(1, 'open'), mark(2, 'acknowledge'), mark(2, 'resolve')],
      'resolved resolved',
    ],
    ['is open again when a back end says so', [put(1, 'open'), mark(2, 'resolve'), put(3, 'open')], 'open open'],
    [
      'is open again when the alarm goes off again',
      [put(1, 'open'), mark(2, 'resolve'), mark(3, 'trigger')],
      'open open',
    ],
    [
      'stays in hand when the alarm goes off again',
      [put(1, 'open'), mark(2, 'acknowledge'), mark(3, 'trigger')],
      'acknowledged acknowledged',
    ],
    [
      'is no longer in hand when a back end says that it is open',
      [put(1, 'open'), mark(2, 'acknowledge'), put(3, 'open')],
      'open open',
    ],
    [
      'has a word of its own and stays in hand',
      [put(1, 'open'), mark(2, 'acknowledge'), put(3, 'monitoring')],
      'acknowledged monitoring',
    ],
    [
      'is not open again because it is seen',
      [put(1, 'open'), mark(2, 'resolve'), mark(3, 'seen')],
      'resolved resolved',
    ],
    ['comes resolved', [put(1, 'resolved')], 'resolved resolved'],
    ['comes in hand', [put(1, 'acknowledged')], 'acknowledged acknowledged'],
  ])('%s', (_, marks, expected) => {
    const status = statusOf(logOf(marks));
    expect(`${status?.phase} ${status?.word}`).toBe(expected);
  });

  test('tells who acknowledged first since it was opened, and forgets it in the next cycle', () => {
    const marks = [
      put(1, 'open'),
      mark(2, 'acknowledge', 'ada'),
      mark(3, 'acknowledge', 'bob'),
      mark(4, 'resolve', 'bob'),
    ];
    expect(statusOf(logOf(marks))).toMatchObject({
      opened: { by: 'app', at: 1 },
      acknowledged: { by: 'ada', at: 2 },
      resolved: { by: 'bob', at: 4 },
    });
    const again = statusOf(logOf([...marks, mark(5, 'trigger', 'probe')]));
    expect(again).toEqual({ phase: 'open', word: 'open', opened: { by: 'probe', at: 5 } });
  });

  const kinds = fc.constantFrom<StatusMark['kind']>('seen', 'trigger', 'acknowledge', 'resolve');
  const anyMark = fc.oneof(
    fc.tuple(fc.nat(30), kinds, fc.constantFrom('ada', 'bob')).map(([at, kind, by]) => mark(at, kind, by)),
    fc
      .tuple(fc.nat(30), fc.constantFrom('open', 'acknowledged', 'resolved', 'monitoring', 'waiting'))
      .map(([at, word]) => put(at, word)),
  );

  test('comes to the same end in whatever order things are said, and however often', () => {
    fc.assert(
      fc.property(fc.array(anyMark, { minLength: 1, maxLength: 12 }), fc.infiniteStream(fc.nat()), (marks, random) => {
        const order = [...marks, ...marks.slice(0, 3)]
          .map((each) => ({ each, key: random.next().value as number }))
          .sort((a, b) => a.key - b.key)
          .map(({ each }) => each);
        expect(statusOf(logOf(order))).toEqual(statusOf(logOf(marks)));
      }),
      { seed: 17, numRuns: 500 },
    );
  });

  test('remembers fifty marks and what all before them came to', () => {
    const alarms = Array.from({ length: 200 }, (_, i) => mark(10 + i, 'trigger', 'probe'));
    const log = [put(1, 'open'), mark(2, 'acknowledge'), ...alarms].reduce(withMark, NO_MARKS);
    expect(log.marks).toHaveLength(50);
    expect(statusOf(log)).toMatchObject({
      phase: 'acknowledged',
      opened: { at: 1 },
      acknowledged: { by: 'ada', at: 2 },
    });
    expect(withMark(log, mark(3, 'resolve'))).toBe(log);
    expect(statusOf(withMark(log, mark(205, 'resolve')))).toMatchObject({ phase: 'open', opened: { at: 206 } });
  });
});
