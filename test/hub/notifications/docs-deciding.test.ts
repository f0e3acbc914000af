import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { decide } from '../../../src/hub/notifications/decide.ts';
import { hubReasons, isHubReason, states } from '../../../src/hub/notifications/decision.ts';
import { parseNotification } from '../../../src/hub/notifications/notification-doc.ts';
import { modes } from '../../../src/hub/notifications/plan-doc.ts';
import { reasonAdvice } from '../../../src/hub/notifications/reason-advice.ts';
import { words } from '../../../src/hub/notifications/words.ts';
import { input, policy } from './decide-cases.ts';

const page = readFileSync(new URL('../../../docs/hub/deciding.md', import.meta.url), 'utf8');
const block = (name: string): unknown =>
  JSON.parse(new RegExp(`\`\`\`json ${name}\\n([\\s\\S]*?)\`\`\``).exec(page)?.[1] ?? '');
const section = (title: string): string => page.split(/^## /m).find((part) => part.startsWith(title)) ?? '';

describe('docs/hub/deciding.md', () => {
  test('shows a notification and a plan that are taken', () => {
    expect(parseNotification(block('notification'), { timezone: 'UTC' })).toEqual(block('notification'));
    const doc = parseNotification({ to: { users: ['a'] }, title: 'x', plan: block('plan') }, { timezone: 'UTC' });
    expect(doc).toMatchObject({ plan: [{ wait: 5 }, { wait: 600 }, { channel: 'sms' }] });
  });

  test('names every reason in the order of deciding, and every mode', () => {
    const named = [...section('The order of deciding').matchAll(/^\| \d+ \|[^|]*\|[^|]*\|([^|]*)\|/gm)].flatMap(
      ([, cell = '']) => [...cell.matchAll(/`(\w+)`/g)].map(([, reason]) => reason),
    );
    expect(new Set(named)).toEqual(new Set(hubReasons));
    for (const mode of modes) expect(page).toContain(`| \`${mode}\` |`);
  });

  test('has the channels and modes of the priorities', () => {
    for (const [priority, { channels, mode }] of Object.entries(policy.priorities))
      expect(page).toMatch(new RegExp(`^\\| \`${priority}\`[^|]*\\| ${channels.join(', ')} \\| ${mode} \\|$`, 'm'));
  });

  test('works the hybrid example as it is decided', () => {
    const noon = Date.parse('2026-12-01T12:00:00Z');
    const due = (changes: Parameters<typeof input>[0], hop: number): string | undefined => {
      const { until } = decide(input({ notification: { priority: 'high' }, now: noon, ...changes }))[hop - 1] ?? {};
      return until === undefined ? undefined : new Date(until).toISOString().slice(11, 19);
    };
    const example = section('The ways');
    expect(due({ presence: 'active' }, 2)).toBe('12:00:07');
    expect(due({ presence: 'active' }, 3)).toBeUndefined();
    expect(due({ presence: 'idle' }, 2)).toBeUndefined();
    for (const time of ['12:00:05', '12:00:07', '12:10:07']) expect(example).toContain(time);
    const escalating = { presence: 'active', policy: { escalateUnreadAfterMs: 600_000 } } as const;
    expect(decide(input({ notification: { priority: 'high' }, ...escalating }))[2]?.plan).toEqual({
      after: 2,
      unless: 'seen',
      wait_ms: 600_000,
    });
  });

  test('says of each reason what it means and what to do, as answers do, and has every state', () => {
    const part = section('Reasons');
    const rows = [...part.matchAll(/^\| `(\w+)` \| ([^|]+) \| (?:([^|]+) )?\|$/gm)];
    const advice = rows.flatMap(([, name = '', , todo]) => (isHubReason(name) ? [[name, todo]] : []));
    expect(Object.fromEntries(advice)).toEqual(reasonAdvice);
    expect(advice.map(([name]) => name)).toEqual(hubReasons);
    for (const state of states) expect(part).toMatch(new RegExp(`^\\| [^|]*\`${state}\`[^|]* \\|[^|]+\\|$`, 'm'));
  });

  test('has sentences that are said so', () => {
    const said = [
      words({
        state: 'deferred',
        channel: 'push',
        reason: 'quiet_hours',
        until: Date.parse('2026-12-02T07:00:00Z'),
        detail: { timezone: 'Europe/Berlin', timezone_source: 'device', then: 'hold', by: 'person' },
      }),
      words({ state: 'suppressed', channel: 'sms', reason: 'throttled', detail: { max: 5, per_ms: 900_000 } }),
      words({
        state: 'pending',
        channel: 'push',
        plan: { after: 1, unless: 'acked', wait_ms: 5000, delay_ms: 2000 },
      }),
      words({
        state: 'pending',
        channel: 'push',
        reason: 'TooManyRequests',
        until: Date.parse('2026-12-01T12:01:30Z'),
      }),
      words({
        state: 'failed',
        channel: 'push',
        reason: 'not_configured',
        detail: { platform: 'ios', key: 'ios.topic' },
      }),
    ];
    expect([...section('In words').matchAll(/\| ([A-Z][^|]*\.) \|$/gm)].map(([, sentence]) => sentence)).toEqual(said);
  });
});
