import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { SlaDoc } from '../../../../src/hub/incidents/incident.ts';
import {
  duePoint,
  pointsLeft,
  type SlaProgress,
  type slaKinds,
  withTold,
} from '../../../../src/hub/incidents/sla/sla-times.ts';
import { slaWords } from '../../../../src/hub/incidents/sla/sla-words.ts';
import type { phases } from '../../../../src/hub/incidents/state/status-log.ts';

const OPENED = Date.UTC(2026, 11, 1, 10);
const progress = (doc: SlaDoc, told: SlaProgress['told'] = {}): SlaProgress => ({ doc, told });
/** `<share> +<seconds>` of what is left. */
const left = (
  given: SlaProgress,
  kind: (typeof slaKinds)[number] = 'acknowledge_by',
  phase: (typeof phases)[number] = 'open',
) => pointsLeft(given, kind, phase, OPENED).map(({ share, at }) => `${share} +${(at - OPENED) / 1000}`);

describe('the times of a deadline', () => {
  test('are a half, four fifths, and its end, counted from the opening', () => {
    expect(left(progress({ acknowledge_by: 600 }))).toEqual(['0.5 +300', '0.8 +480', '1 +600']);
    expect(left(progress({ acknowledge_by: 600, warn_at: [] }))).toEqual(['1 +600']);
    expect(left(progress({ acknowledge_by: 600, warn_at: [0.1] }))).toEqual(['0.1 +60', '1 +600']);
  });

  test('are those of an instant, too; one before the opening is over at once', () => {
    const at = new Date(OPENED + 1_000_000).toISOString();
    expect(left(progress({ acknowledge_by: at }))).toEqual(['0.5 +500', '0.8 +800', '1 +1000']);
    const past = new Date(OPENED - 60_000).toISOString();
    expect(left(progress({ acknowledge_by: past, warn_at: [0.5] }))).toEqual(['0.5 +0', '1 +-60']);
  });

  test.each([
    ['open', 'acknowledge_by', 3],
    ['open', 'resolve_by', 3],
    ['acknowledged', 'acknowledge_by', 0],
    ['acknowledged', 'resolve_by', 3],
    ['resolved', 'acknowledge_by', 0],
    ['resolved', 'resolve_by', 0],
  ] as const)('of what is %s, %s has %i', (phase, kind, count) => {
    expect(left(progress({ acknowledge_by: 60, resolve_by: 60 }), kind, phase)).toHaveLength(count);
  });

  test('are none that were told, nor those before them, wherever the deadline moves', () => {
    expect(left(progress({ acknowledge_by: 600 }, { acknowledge_by: 0.5 }))).toEqual(['0.8 +480', '1 +600']);
    expect(left(progress({ acknowledge_by: 6000 }, { acknowledge_by: 0.8 }))).toEqual(['1 +6000']);
    expect(left(progress({ acknowledge_by: 6000 }, { acknowledge_by: 1 }))).toEqual([]);
  });

  test('are told one at a time: of several that are due the last', () => {
    const points = pointsLeft(progress({ acknowledge_by: 600 }), 'acknowledge_by', 'open', OPENED);
    expect(duePoint(points, OPENED + 299_999)).toBeUndefined();
    expect(duePoint(points, OPENED + 300_000)?.share).toBe(0.5);
    expect(duePoint(points, OPENED + 500_000)?.share).toBe(0.8);
    expect(duePoint(points, OPENED + 9_000_000)?.share).toBe(1);
  });

  test('are told once each, in rising order, whenever it is looked and wherever the deadline goes', () => {
    const moment = fc.record({ wait: fc.nat(400), by: fc.integer({ min: 1, max: 1000 }), isAcked: fc.boolean() });
    fc.assert(
      fc.property(fc.array(moment, { maxLength: 30 }), (moments) => {
        let now = OPENED;
        let told: SlaProgress['told'] = {};
        const shares: number[] = [];
        for (const { wait, by, isAcked } of moments) {
          now += wait * 1000;
          const given = progress({ acknowledge_by: by }, told);
          const point = duePoint(pointsLeft(given, 'acknowledge_by', isAcked ? 'acknowledged' : 'open', OPENED), now);
          if (!point) continue;
          shares.push(point.share);
          told = withTold(given, point).told;
        }
        expect(shares).toEqual([...new Set(shares)].sort((a, b) => a - b));
        expect(shares.filter((share) => share === 1).length).toBeLessThanOrEqual(1);
      }),
      { seed: 17 },
    );
  });
});

test('what people hear names what is to be done, and until when', () => {
  const deadline = OPENED + 30 * 60_000;
  const point = { kind: 'acknowledge_by', share: 0.8, at: 0, deadline } as const;
  expect(slaWords(point)).toBe('To be acknowledged by 2026-12-01 10:30 UTC: 80 % of the time is over.');
  expect(slaWords({ ...point, kind: 'resolve_by', share: 1 })).toBe('Not resolved by 2026-12-01 10:30 UTC.');
});
