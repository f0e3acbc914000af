import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseEscalation } from '../../../../src/hub/incidents/escalation/escalation-doc.ts';
import { stepAt } from '../../../../src/hub/incidents/escalation/escalation-plan.ts';

const planOf = (body: object) => {
  const doc = parseEscalation(body);
  if (!('steps' in doc)) throw new Error(JSON.stringify(doc));
  return doc;
};

/** `<round>.<place> +<seconds>` of each call. */
function calls(body: object): string[] {
  const doc = planOf(body);
  const all: string[] = [];
  for (let number = 1; ; number++) {
    const step = stepAt(doc, number);
    if (!step) return all;
    all.push(`${step.round}.${step.place} +${step.gapMs / 1000}`);
  }
}

describe('the steps of an escalation', () => {
  test('follow one another, the first after the opening', () => {
    expect(calls({ steps: [{}, { after: '5m' }, { after: 90 }] })).toEqual(['1.1 +0', '1.2 +300', '1.3 +90']);
  });

  test('come again in further rounds, with the first gap before each of them', () => {
    expect(calls({ steps: [{ after: 60 }, { after: 300 }], repeat: 2 })).toEqual([
      ...['1.1 +60', '1.2 +300', '2.1 +60', '2.2 +300', '3.1 +60', '3.2 +300'],
    ]);
  });

  test('come slower from round to round with a backoff', () => {
    expect(calls({ steps: [{ after: 60 }], repeat: 3, backoff: 2 })).toEqual([
      '1.1 +60',
      '2.1 +120',
      '3.1 +240',
      '4.1 +480',
    ]);
  });

  test('never call round after round without a pause, nor wait for more than a month', () => {
    expect(calls({ steps: [{}], repeat: 1 })).toEqual(['1.1 +0', '2.1 +1']);
    expect(calls({ steps: [{ after: '29d' }], repeat: 1, backoff: 10 }).at(-1)).toBe(`2.1 +${30 * 86_400}`);
  });

  test('are at most as many as there are in ten rounds', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 0, max: 9 }), (count, repeat) => {
        const doc = planOf({ steps: Array.from({ length: count }, () => ({ after: 1 })), repeat });
        expect(stepAt(doc, count * (repeat + 1))).toMatchObject({ place: count, round: repeat + 1 });
        expect(stepAt(doc, count * (repeat + 1) + 1)).toBeUndefined();
        expect(stepAt(doc, 0)).toBeUndefined();
      }),
      { seed: 17 },
    );
  });
});

describe('what is no escalation', () => {
  test.each<[object, string, string]>([
    [{}, 'steps', 'is missing: there must be a step'],
    [{ steps: [] }, 'steps', 'is missing: there must be a step'],
    [{ steps: [{}], repeat: 10 }, 'repeat', 'must be a whole number from 0 to 9'],
    [{ steps: [{}], repeat: 1.5 }, 'repeat', 'must be a whole number from 0 to 9'],
    [{ steps: [{}], backoff: 0.5 }, 'backoff', 'must be a number from 1 to 10'],
    [
      { steps: [{ after: 'soon' }] },
      'steps[0].after',
      'must be a duration such as "5s" or "1h30m", or a number of seconds, not negative and at most 100 years',
    ],
    [{ steps: [{ if: 'asleep' }] }, 'steps[0].if', 'must be one of recipient_awake'],
    [
      { steps: [{ to: { except: ['ada'] } }] },
      'steps[0].to',
      'names no one: give users, teams, roles, topics, devices or "everyone": true',
    ],
    [{ step: [{}] }, 'step', 'unknown field; did you mean "steps"?'],
  ])('%j', (body, path, reason) => {
    expect(parseEscalation(body)).toContainEqual({ path, reason });
  });
});
