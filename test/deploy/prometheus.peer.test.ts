import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { needs } from '../support/needs.ts';

const FOLDER = fileURLToPath(new URL('../../deploy/prometheus/', import.meta.url));
const OPERATIONS = new URL('../../docs/operations.md', import.meta.url);

interface Rule {
  readonly alert: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string; readonly description: string; readonly runbook_url: string };
}

const { groups } = parse(readFileSync(`${FOLDER}martlet.rules.yml`, 'utf8')) as { groups: { rules: Rule[] }[] };
const rules = groups.flatMap((group) => group.rules);
const { tests } = parse(readFileSync(`${FOLDER}martlet.rules.test.yml`, 'utf8')) as {
  tests: { alert_rule_test: { alertname: string; exp_alerts: object[] }[] }[];
};

const promtool = (...args: string[]): string => execFileSync('promtool', args, { cwd: FOLDER, encoding: 'utf8' });

describe('promtool', needs('promtool'), () => {
  test('takes the rules and the scrape', () => {
    expect(promtool('check', 'rules', 'martlet.rules.yml')).toContain('SUCCESS');
    expect(promtool('check', 'config', 'prometheus.yml')).toContain('SUCCESS');
  });

  test('sees every alert fire, and not fire, when it should', () => {
    const { status, stdout, stderr } = spawnSync('promtool', ['test', 'rules', 'martlet.rules.test.yml'], {
      cwd: FOLDER,
      encoding: 'utf8',
    });
    expect(status, stdout + stderr).toBe(0);
  });
});

test.each(rules)('$alert is tested both ways', ({ alert }) => {
  const expected = tests
    .flatMap(({ alert_rule_test }) => alert_rule_test)
    .filter(({ alertname }) => alertname === alert);
  expect(expected.some(({ exp_alerts }) => exp_alerts.length > 0)).toBe(true);
  expect(alert === 'MartletCredentialExpiring' || expected.some(({ exp_alerts }) => exp_alerts.length === 0)).toBe(
    true,
  );
});

test.each(rules)(
  '$alert says how bad it is, what it is, and where to read what to do',
  ({ alert, labels, annotations }) => {
    expect(['critical', 'warning']).toContain(labels.severity);
    expect(annotations.summary).not.toBe('');
    expect(annotations.description).not.toBe('');
    const [page, anchor] = annotations.runbook_url.split('#');
    expect(page).toBe('docs/operations.md');
    const anchors = [...readFileSync(OPERATIONS, 'utf8').matchAll(/^#+ (.*)$/gm)].map(([, title = '']) =>
      title.toLowerCase(),
    );
    expect(anchors).toContain(anchor);
    expect(anchor).toBe(alert.toLowerCase());
  },
);
