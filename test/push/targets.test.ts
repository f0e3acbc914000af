import { expect, test } from 'vitest';
import { LaneId } from '../../src/push/lane-id.ts';
import type { Notification } from '../../src/push/push.ts';
import { countOf, dividedByLane, type TargetRules, targetsOf, UNKNOWN_TARGETS } from '../../src/push/targets.ts';

const push = (more: Partial<Notification>): Notification => ({ platform: 9, tokens: [], ...more });
const rules = (more: Partial<TargetRules> = {}): TargetRules => ({ topic: 'target', ...more });

test('a topic is a push of its own, a field of each push, or nothing: as the row says', () => {
  const both = push({ tokens: ['a'], to: 'b', topic: 'news' });
  expect(targetsOf(both, rules())).toEqual([
    { kind: 'topic', targets: ['news'] },
    { kind: 'token', targets: ['a', 'b'] },
  ]);
  for (const topic of ['field', 'none'] as const)
    expect(targetsOf(both, rules({ topic }))).toEqual([{ kind: 'token', targets: ['a', 'b'] }]);
  expect(targetsOf(push({ condition: "'a' in topics" }), UNKNOWN_TARGETS)).toEqual([
    { kind: 'condition', targets: ["'a' in topics"] },
  ]);
});

test("targets of a provider's own come after the tokens, and count as they do", () => {
  const own = rules({ topic: 'none', moreTargets: () => ({ kind: 'token', targets: ['x', 'y'] }) });
  expect(targetsOf(push({ tokens: ['a'] }), own)).toEqual([
    { kind: 'token', targets: ['a'] },
    { kind: 'token', targets: ['x', 'y'] },
  ]);
  expect(countOf(push({ tokens: ['a'], to: 'b' }), own)).toBe(4);
  expect(targetsOf(push({}), rules({ moreTargets: () => ({ kind: 'token', targets: [] }) }))).toEqual([]);
});

test('targets divided by lane keep their places among all targets of the notification', () => {
  const lane = (partition: string) =>
    new LaneId({ app: 'default', provider: 'web', environment: 'production', partition });
  const [one, two] = [lane('one'), lane('two')];
  const groups = [
    { kind: 'token', targets: ['one-a', 'two-a', 'one-b'] },
    { kind: 'token', targets: ['two-b'] },
  ] as const;
  expect(dividedByLane(groups, (target) => (target.startsWith('one') ? one : two))).toEqual([
    { kind: 'token', lane: one, targets: ['one-a', 'one-b'], places: [0, 2] },
    { kind: 'token', lane: two, targets: ['two-a'], places: [1] },
    { kind: 'token', lane: two, targets: ['two-b'], places: [3] },
  ]);
});
