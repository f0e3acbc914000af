import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { quietHoursAt } from '../../../src/hub/settings/quiet-hours.ts';
import { effectiveSettings } from '../../../src/hub/settings/settings.ts';
import { parseSettings, type SettingsDoc } from '../../../src/hub/settings/settings-doc.ts';

const page = readFileSync(new URL('../../../docs/hub/settings.md', import.meta.url), 'utf8');

const rows = [...page.matchAll(/^\| (\d\d:\d\d)–(\d\d:\d\d) \| (\S+) \| (\S+) \| ([^|]+) \|/gm)].map((row) =>
  row.slice(1),
);

describe('docs/hub/settings.md', () => {
  test('has examples', () => {
    expect(rows.length).toBeGreaterThanOrEqual(12);
  });

  test.each(rows)('%s to %s in %s at %s: until %s', (start, end, zone, now, until) => {
    const doc = parseSettings({ quiet_hours: { start, end } }) as SettingsDoc;
    const quiet = quietHoursAt(effectiveSettings({}, doc).quiet_hours, zone as string, Date.parse(now as string));
    const said = quiet.until === undefined ? 'not quiet' : new Date(quiet.until).toISOString().replace('.000Z', 'Z');
    expect(said).toBe(until?.trim());
  });

  test('shows a document that is taken as it is', () => {
    const [, json = ''] = /```json settings\n([\s\S]*?)```/.exec(page) ?? [];
    expect(parseSettings(JSON.parse(json))).toEqual(JSON.parse(json));
  });
});
