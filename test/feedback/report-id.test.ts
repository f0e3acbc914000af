import { expect, test } from 'vitest';
import { reportId } from '../../src/feedback/report-id.ts';
import type { Settlement } from '../../src/push/push.ts';
import { failed, settlement } from '../support/settlement.ts';

const idOf = (more: Partial<Settlement> = {}, targets = ['a1']): string =>
  reportId(
    settlement(
      targets,
      targets.map(() => failed()),
      more,
    ),
    targets.length - 1,
  );

test('a push that is reported again, by another process and for another reason, has the same id', () => {
  const again = reportId(
    settlement(['b2', 'a1'], [failed(), failed({ reason: 'BadDeviceToken' })], { attempts: 3 }),
    1,
  );
  expect(again).toBe(idOf());
  expect(idOf({ index: 0 })).toBe(idOf());
});

test('any other push has another one', () => {
  const others: Partial<Settlement>[] = [{}, { index: 1 }, { requestId: 'r2' }, { kind: 'topic' }, { late: true }];
  const ids = [...others.map((more) => idOf(more)), idOf({}, ['a2']), idOf({ requestId: 'r1,0' })];
  expect(new Set(ids).size).toBe(ids.length);
});

test('it is a name that Standard Webhooks takes, and does not hold the target', () => {
  expect(idOf({}, ['dead0410'.repeat(8)])).toMatch(/^msg_[A-Za-z0-9_-]{27}$/);
  expect(idOf({}, ['dead'])).not.toContain('dead');
});
