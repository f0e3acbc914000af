import { describe, expect, test } from 'vitest';
import { incidentPolicy } from '../../../src/hub/incidents/incident-policy.ts';
import { meaningOf, ofSeverity } from '../../../src/hub/incidents/severity-map.ts';
import { buildConfig } from '../../support/config.ts';

const usual = incidentPolicy({ config: buildConfig(({ leaf }) => leaf.default) as never, app: 'default' });

describe('what a severity means', () => {
  test.each([
    ['SEV-1', 'critical'],
    ['critical', 'critical'],
    ['SEV-2', 'high'],
    ['sev2', 'high'],
    ['error', 'high'],
    ['SEV-3', 'medium'],
    ['warning', 'medium'],
    ['SEV-4', 'low'],
    ['info', 'low'],
    ['P1', 'medium'],
    [undefined, 'medium'],
  ])('%s is told with the priority %s', (severity, priority) => {
    expect(meaningOf(usual, severity, 'incident.created').priority).toBe(priority);
  });

  test('an escalation is at least high, a breach critical, whatever the severity', () => {
    expect(meaningOf(usual, 'SEV-5', 'incident.escalated').priority).toBe('high');
    expect(meaningOf(usual, 'SEV-1', 'incident.escalated').priority).toBe('critical');
    expect(meaningOf(usual, 'SEV-5', 'incident.sla_breach').priority).toBe('critical');
  });

  test('its very word goes before one of the same rank', () => {
    const all = [
      { severity: 'SEV-1', meaning: 'rank' },
      { severity: 'Critical', meaning: 'word' },
    ];
    expect(ofSeverity(all, 'critical')).toBe('word');
    expect(ofSeverity(all, 'sev-1')).toBe('rank');
    expect(ofSeverity(all, 'sev1')).toBe('rank');
    expect(ofSeverity(all, 'low')).toBeUndefined();
  });
});

describe('hub.incidents', () => {
  const policy = (hub: object, settings?: object) =>
    incidentPolicy({
      config: { hub: { incidents: { ...empty, ...hub } } } as never,
      app: 'shop',
      settings: settings as never,
    });
  const empty = { severities: {}, least_priority: {}, sla: {}, escalation: {}, except_actor: false };

  test('takes words, sounds and categories, and an app lies over it key by key', () => {
    const read = policy(
      { severities: { P1: { priority: 'critical', sound: 'alarm.caf', category: 'PAGE' } }, except_actor: true },
      { hub: { incidents: { sla: { P1: { acknowledge_by: '15m' } } } } },
    );
    expect(meaningOf(read, 'p1', 'incident.created')).toEqual({
      priority: 'critical',
      sound: 'alarm.caf',
      category: 'PAGE',
    });
    expect(read.slas).toEqual([{ severity: 'P1', meaning: { acknowledge_by: 900 } }]);
    expect(read.exceptActor).toBe(true);
  });

  test.each<[object, object | undefined, string]>([
    [{ severities: { P1: { priority: 'urgent' } } }, undefined, 'hub.incidents.severities.P1.priority: must be one of'],
    [{ least_priority: { 'incident.gone': 'high' } }, undefined, 'hub.incidents.least_priority: the names must be of'],
    [{ sla: { P1: {} } }, undefined, 'hub.incidents.sla.P1: says nothing'],
    [{}, { hub: { incidents: { escalation: { P1: '' } } } }, 'apps.shop.hub.incidents.escalation.P1: must be an id'],
  ])('names what is wrong: %j', (hub, settings, message) => {
    expect(() => policy(hub, settings)).toThrow(message);
  });
});
