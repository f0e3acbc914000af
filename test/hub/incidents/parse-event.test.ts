import { describe, expect, test } from 'vitest';
import { parseEvent } from '../../../src/hub/incidents/parse-event.ts';

describe('an event in our words', () => {
  test('says what it brings and nothing of the rest', () => {
    expect(parseEvent({ key: 'i1', action: 'Trigger', dedup: 'e1', title: 'Disk full', severity: 'SEV-1' })).toEqual({
      ...{ action: 'trigger', key: 'i1', dedup: 'e1', isPagerDuty: false },
      ...{ doc: { title: 'Disk full', severity: 'SEV-1' }, names: ['title', 'severity'] },
    });
  });

  test.each([
    [{ key: 'i1' }, 'action', 'is missing'],
    [{ action: 'resolve' }, 'key', 'is missing: which incident?'],
    [{ action: 'snooze', key: 'i1' }, 'action', 'must be one of trigger, acknowledge, escalate, resolve'],
    [{ action: 'trigger', severtiy: 'SEV-1' }, 'severtiy', 'unknown field; did you mean "severity"?'],
    [[], '', 'must be an object'],
  ])('%j is refused', (body, path, reason) => {
    expect(parseEvent(body)).toContainEqual({ path, reason });
  });
});

describe("an event in PagerDuty's words", () => {
  test('is taken as it is', () => {
    const event = {
      routing_key: 'R0UT1NGKEY',
      event_action: 'trigger',
      dedup_key: 'srv01/HTTP',
      client: 'Sample Monitoring',
      client_url: 'https://monitoring.example.com',
      links: [{ href: 'http://pagerduty.example.com', text: 'An example link' }],
      images: [{ src: 'https://chart.example.com/1.png' }],
      payload: {
        summary: 'Example alert on host1.example.com',
        timestamp: '2026-07-17T08:42:58.315+0000',
        source: 'monitoringtool:host1',
        severity: 'error',
        component: 'postgres',
        group: 'prod-datapipe',
        class: 'deploy',
        custom_details: { 'ping time': '1500ms', load: 0.75 },
      },
    };
    expect(parseEvent(event)).toEqual({
      ...{ action: 'trigger', key: 'srv01/HTTP', at: Date.parse('2026-07-17T08:42:58.315Z'), isPagerDuty: true },
      doc: {
        title: 'Example alert on host1.example.com',
        service: 'monitoringtool:host1',
        severity: 'error',
        url: 'https://monitoring.example.com',
        data: {
          source: 'monitoringtool:host1',
          client: 'Sample Monitoring',
          links: event.links,
          images: event.images,
          component: 'postgres',
          group: 'prod-datapipe',
          class: 'deploy',
          custom_details: event.payload.custom_details,
        },
      },
      names: ['title', 'severity', 'service', 'url', 'data'],
    });
    expect(JSON.stringify(parseEvent(event))).not.toContain('R0UT1NGKEY');
  });

  test('that resolves needs no payload', () => {
    expect(parseEvent({ routing_key: 'r', event_action: 'resolve', dedup_key: 'k' })).toMatchObject({
      ...{ action: 'resolve', key: 'k', names: [] },
    });
  });

  test('is refused by the names that it has', () => {
    expect(parseEvent({ event_action: 'acknowledge', payload: { summary: 7, timestamp: 'soon' } })).toEqual([
      { path: 'payload.summary', reason: 'must be a text of at most 2000 characters' },
      { path: 'payload.timestamp', reason: 'must be an ISO 8601 instant with Z or an offset' },
    ]);
    expect(parseEvent({ event_action: 'acknowledge' })).toEqual([
      { path: 'dedup_key', reason: 'is missing: which incident?' },
    ]);
  });
});
