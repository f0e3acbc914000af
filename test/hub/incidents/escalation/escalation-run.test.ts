import { describe, expect, test } from 'vitest';
import {
  afterStep,
  type EscalationRun,
  type RunAfter,
  runAfter,
} from '../../../../src/hub/incidents/escalation/escalation-run.ts';

const doc = { steps: [{ after: 60 }, { after: 300 }], repeat: 0, backoff: 1 };
const onCall = { name: 'on-call', doc };
const other = { name: 'other', doc: { ...doc, steps: [{ after: 10 }] } };
const change = (more: Partial<RunAfter>): RunAfter => ({
  ...{ before: undefined, escalation: onCall, phase: 'open', isNewCycle: false, openedAt: 1000, now: 500_000 },
  ...more,
});
const waiting: EscalationRun = { ...onCall, called: 1, others: 0, at: 700_000 };
const { at: _, ...stopped } = waiting;

describe('where an escalation is', () => {
  test.each<[string, RunAfter, object | undefined]>([
    [
      'a new incident waits for its first step since it was opened',
      change({ isNewCycle: true }),
      { called: 0, at: 61_000 },
    ],
    ['one that gets an escalation late, too', change({}), { called: 0, at: 61_000 }],
    [
      'one that comes in hand waits for none',
      change({ isNewCycle: true, phase: 'acknowledged' }),
      { called: 0, at: undefined },
    ],
    ['a change in between leaves the wait as it is', change({ before: waiting }), { called: 1, at: 700_000 }],
    ['an acknowledgement stops it', change({ before: waiting, phase: 'acknowledged' }), { called: 1, at: undefined }],
    [
      'it goes on from now with the next step when that is taken back',
      change({ before: stopped }),
      { called: 1, at: 800_000 },
    ],
    [
      'another escalation begins with its own first step, from now',
      change({ before: waiting, escalation: other }),
      { name: 'other', called: 1, others: 1, at: 510_000 },
    ],
    [
      'without an escalation it stops',
      change({ before: waiting, escalation: undefined }),
      { called: 1, others: 1, at: undefined },
    ],
    ['without any there is none', change({ escalation: undefined }), undefined],
    [
      'in the next cycle it begins again',
      change({ before: { ...stopped, called: 2 }, isNewCycle: true }),
      { called: 0, others: 0, at: 61_000 },
    ],
    [
      'after its last step it stays at its end',
      change({ before: { ...stopped, called: 2 } }),
      { called: 2, at: undefined },
    ],
  ])('%s', (_name, given, expected) => {
    const run = runAfter(given);
    if (expected === undefined) expect(run).toBeUndefined();
    else expect({ at: undefined, ...run }).toMatchObject(expected);
  });

  test('a step is followed by the wait for the next, where the incident is open', () => {
    expect(afterStep({ ...waiting, called: 0 }, 100_000, true)).toMatchObject({ called: 1, at: 400_000 });
    expect(afterStep({ ...waiting, called: 0 }, 100_000, false)).toEqual({ ...stopped, called: 1 });
    expect(afterStep(waiting, 100_000, true)).toEqual({ ...stopped, called: 2 });
  });
});
