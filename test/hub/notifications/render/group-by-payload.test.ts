import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { groupByPayload } from '../../../../src/hub/notifications/render/group-by-payload.ts';
import { PushRenderer } from '../../../../src/hub/notifications/render/push-renderer.ts';
import { input, NOON, policy } from '../decide-cases.ts';

const notification = { ...input().notification, locales: { de: { title: 'Platte voll' } } };
const renderer = () => new PushRenderer({ notification, policy }, NOON);

describe('pushes with the same payload', () => {
  test('are the very same object, whatever languages led to their text', () => {
    const pushes = renderer();
    const of = (...languages: string[]) => pushes.push({ platform: 'android', kind: 'alert', languages });
    expect(of('fr')).toBe(of('es'));
    expect(of('de')).toBe(of('de-AT', 'fr'));
    expect(of('de')).not.toBe(of('fr'));
    expect(pushes.push({ platform: 'web', kind: 'alert', languages: ['fr'] })).not.toBe(of('fr'));
    expect(pushes.push({ platform: 'android', kind: 'alert', languages: ['fr'], silent: true })).not.toBe(of('fr'));
    expect(pushes.push({ platform: 'android', kind: 'alert', languages: ['fr'], user: 'a' })).not.toBe(of('fr'));
  });

  test('leave as one relay notification with many tokens, at most so many', () => {
    const pushes = renderer();
    const rendered = ['de', 'fr', 'de', 'es', 'de'].map((language, ref) => ({
      notification: pushes.push({ platform: 'android', kind: 'alert', languages: [language] }),
      target: `t${ref}`,
      ref,
    }));
    const groups = groupByPayload(rendered, 2);
    expect(groups.map(({ notification: { title, tokens } }) => [title, tokens])).toEqual([
      ['Platte voll', ['t0', 't2']],
      ['Disk full', ['t1', 't3']],
      ['Platte voll', ['t4']],
    ]);
    expect(groups.map(({ refs }) => refs)).toEqual([[[0], [2]], [[1], [3]], [[4]]]);
  });

  test('a device of two people gets one push, with the id of the first, and both hear of it', () => {
    const pushes = renderer();
    const of = (user: string) => ({
      notification: pushes.push({ platform: 'ios', kind: 'alert', languages: [], user }),
      target: 'shared',
      ref: user,
    });
    const [group, ...others] = groupByPayload([of('ada'), of('bob')], 100);
    expect(others).toEqual([]);
    expect(group).toMatchObject({
      notification: { tokens: ['shared'], data: { user_id: 'ada' } },
      refs: [['ada', 'bob']],
    });
  });

  test('each target stands in one group once, with everyone who is to hear of it', () => {
    const one = fc.record({
      platform: fc.constantFrom('ios', 'web'),
      target: fc.constantFrom('a', 'b', 'c', 'd'),
      language: fc.constantFrom('de', 'fr'),
    });
    fc.assert(
      fc.property(fc.array(one, { maxLength: 30 }), fc.integer({ min: 1, max: 4 }), (all, most) => {
        const pushes = renderer();
        const groups = groupByPayload(
          all.map(({ platform, target, language }, ref) => ({
            notification: pushes.push({ platform, kind: 'alert', languages: [language] }),
            target,
            ref,
          })),
          most,
        );
        const heard = groups.flatMap(({ refs }) => refs.flat());
        expect(heard.sort((a, b) => a - b)).toEqual(all.map((_, ref) => ref));
        const targets = groups.flatMap(({ notification: { platform, tokens } }) =>
          tokens.map((t) => `${platform} ${t}`),
        );
        expect(new Set(targets).size).toBe(targets.length);
        for (const {
          notification: { tokens },
          refs,
        } of groups) {
          expect(tokens.length).toBe(refs.length);
          expect(tokens.length).toBeLessThanOrEqual(most);
        }
      }),
    );
  });
});
