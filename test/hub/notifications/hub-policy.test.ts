import { describe, expect, test } from 'vitest';
import { hubAppKeys } from '../../../src/config/hub-app-keys.ts';
import { hubPolicy } from '../../../src/hub/notifications/hub-policy.ts';
import { modes } from '../../../src/hub/notifications/plan-doc.ts';
import { interruptionLevels, urgencies } from '../../../src/hub/notifications/policy.ts';
import { addressed, channels } from '../../../src/hub/words/channel.ts';
import { priorities } from '../../../src/hub/words/priority.ts';
import { load } from '../../config/config-folder.ts';

const policyOf = (yaml: string, app = 'default') => {
  const { config } = load(yaml, { purpose: 'ping' });
  return hubPolicy({ config, app, settings: config.apps.named[app] });
};

describe('the policy of the hub', () => {
  test('without any settings is that of the documents', () => {
    const policy = policyOf('');
    expect(policy).toMatchObject({
      defaults: {},
      timezone: 'UTC',
      locale: '',
      realtimeTimeoutMs: 5000,
      pushFallbackDelayMs: 2000,
      escalateUnreadAfterMs: 0,
      consentRequired: ['email', 'sms', 'slack'],
      confidentialText: 'New notification',
      learnChannels: false,
      iosTopic: '',
    });
    expect(Object.entries(policy.priorities).map(([word, { channels: ways, mode }]) => [word, ways, mode])).toEqual([
      ['low', ['realtime'], 'hybrid'],
      ['medium', ['realtime', 'push'], 'hybrid'],
      ['high', ['realtime', 'push', 'email'], 'hybrid'],
      ['critical', ['realtime', 'push', 'email', 'sms', 'slack'], 'redundant'],
    ]);
    expect(policy.limits).toEqual({
      channels: {
        sms: [
          { max: 5, per_ms: 900_000 },
          { max: 11, per_ms: 3_600_000 },
          { max: 21, per_ms: 10_800_000 },
        ],
      },
      types: {},
    });
  });

  test('takes each of its keys, durations as texts too', () => {
    const policy = policyOf(`
hub:
  priorities: {low: {channels: [push], mode: push_only, sound: ping, category: LOW, interruption_level: active, urgency: very-low}}
  defaults: {quiet_hours: {start: "22:00", end: "07:00"}, channels: {sms: never}}
  limits: {sms: "off", push: [{max: 3, per: 1m}], types: {"incident.*": {push: [{max: 1, per: 30}], email: off}}}
  timezone: europe/berlin
  locale: de
  realtime_timeout: 1m30s
  push_fallback_delay: 0.5
  escalate_unread_after: 10m
  consent_required: [sms]
  confidential_text: Neues
  learn_channels: true
ios: {topic: com.example.app}
`);
    expect(policy).toMatchObject({
      defaults: { quiet_hours: { windows: [{ from: '22:00', until: '07:00' }] }, channels: { sms: 'never' } },
      limits: {
        channels: { sms: [], push: [{ max: 3, per_ms: 60_000 }] },
        types: { 'incident.*': { push: [{ max: 1, per_ms: 30_000 }], email: [] } },
      },
      timezone: 'Europe/Berlin',
      locale: 'de',
      realtimeTimeoutMs: 90_000,
      pushFallbackDelayMs: 500,
      escalateUnreadAfterMs: 600_000,
      consentRequired: ['sms'],
      confidentialText: 'Neues',
      learnChannels: true,
      iosTopic: 'com.example.app',
    });
    expect(policy.priorities.low).toEqual({
      channels: ['push'],
      mode: 'push_only',
      sound: 'ping',
      category: 'LOW',
      interruption_level: 'active',
      urgency: 'very-low',
    });
    expect(policyOf('hub: {limits: "off"}').limits).toEqual({ channels: {}, types: {} });
    expect(policyOf('hub: {consent_required: []}').consentRequired).toEqual([]);
  });

  test("of an app is the hub's with the app's own over it, key by key", () => {
    const yaml = `
hub: {timezone: Asia/Tokyo, realtime_timeout: 9, priorities: {high: {sound: horn}}}
ios: {topic: com.example.flat}
apps:
  shop: {default_topic: com.example.shop, hub: {timezone: Europe/Paris, priorities: {high: {channels: [sms]}}}}
  other: {ios: {key_base64: x, topic: ""}}
  third: {ios: {topic: com.example.third}}
  last: {}
`;
    const shop = policyOf(yaml, 'shop');
    expect(shop).toMatchObject({ timezone: 'Europe/Paris', realtimeTimeoutMs: 9000, iosTopic: 'com.example.shop' });
    expect(shop.priorities.high).toMatchObject({ channels: ['sms'], sound: 'horn', mode: 'hybrid' });
    expect(policyOf(yaml).timezone).toBe('Asia/Tokyo');
    expect(policyOf(yaml, 'other').iosTopic).toBe('');
    expect(policyOf(yaml, 'third').iosTopic).toBe('com.example.third');
    expect(policyOf(yaml, 'last').iosTopic).toBe('com.example.flat');
  });

  test.each([
    ['hub: {timezone: Mars}', 'hub.timezone', 'must be a time zone of the IANA database'],
    ['hub: {locale: "no tag"}', 'hub.locale', 'must be a language tag such as de or pt-BR'],
    ['hub: {defaults: {enabeld: true}}', 'hub.defaults.enabeld', 'unknown field; did you mean "enabled"?'],
    ['hub: {defaults: {quiet_hours: {start: "22:00"}}}', 'hub.defaults.quiet_hours.end', 'is missing'],
    ['hub: {limits: {fax: []}}', 'hub.limits.fax', 'unknown field'],
    ['hub: {limits: {sms: [{max: 0, per: 1m}]}}', 'hub.limits.sms[0].max', 'must be a whole number, 1 or more'],
    ['hub: {limits: {sms: [{max: 1, per: soon}]}}', 'hub.limits.sms[0].per', 'must be a duration such as 15m'],
    [
      'hub: {limits: {types: {"a b": {}}}}',
      'hub.limits.types',
      'a pattern has 1 to 128 characters without white space',
    ],
    ['hub: {limits: none}', 'hub.limits', 'must be a map of channels and types, or off'],
    ['hub: {priorities: {low: {channels: []}}}', 'hub.priorities.low.channels', 'must name a channel'],
    ['hub: {confidential_text: ""}', 'hub.confidential_text', 'must not be empty'],
    [
      'apps: {default: {hub: {timezone: Mars}}}',
      'apps.default.hub.timezone',
      'must be a time zone of the IANA database',
    ],
  ])('%s', (yaml, key, text) => {
    expect(() => policyOf(yaml)).toThrow(expect.objectContaining({ key, text }));
  });

  test('the words of the configuration are those of the hub', () => {
    const { priorities: sections, consent_required: required } = hubAppKeys;
    expect(Object.keys(sections.properties)).toEqual(priorities);
    for (const each of Object.values(sections.properties)) {
      expect(each.properties.channels.items.enum).toEqual(channels);
      expect(each.properties.mode.enum).toEqual(modes);
      expect(each.properties.interruption_level.enum).toEqual(interruptionLevels);
      expect(each.properties.urgency.enum).toEqual(urgencies);
    }
    expect(required.items.enum).toEqual(addressed);
  });
});
