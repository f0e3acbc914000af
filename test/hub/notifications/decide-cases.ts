import type { DecideInput, DeviceFacts } from '../../../src/hub/notifications/decide-input.ts';
import type { HubPolicy } from '../../../src/hub/notifications/policy.ts';
import { effectiveSettings, type SettingsDoc, type Snooze } from '../../../src/hub/settings/settings.ts';

/** Tuesday, 13:00 in Berlin. */
export const NOON = Date.parse('2026-12-01T12:00:00Z');

const priority = { sound: 'default', category: '', interruption_level: 'active', urgency: 'normal' } as const;

/** The policy of the documents. */
export const policy: HubPolicy = {
  priorities: {
    low: { ...priority, channels: ['realtime'], mode: 'hybrid' },
    medium: { ...priority, channels: ['realtime', 'push'], mode: 'hybrid' },
    high: { ...priority, channels: ['realtime', 'push', 'email'], mode: 'hybrid' },
    critical: { ...priority, channels: ['realtime', 'push', 'email', 'sms', 'slack'], mode: 'redundant' },
  },
  defaults: {},
  limits: { channels: {}, types: {} },
  timezone: 'UTC',
  locale: '',
  realtimeTimeoutMs: 5000,
  pushFallbackDelayMs: 2000,
  escalateUnreadAfterMs: 0,
  consentRequired: ['email', 'sms', 'slack'],
  confidentialText: 'New notification',
  learnChannels: false,
  clearOnRead: false,
  prices: {},
  iosTopic: 'com.example.app',
};

export const phone: DeviceFacts = {
  id: 'phone',
  platform: 'android',
  kind: 'alert',
  status: 'active',
  enabled: true,
  timezone: 'Europe/Berlin',
  last_seen_at: NOON - 1000,
};

const consent = { granted: true } as const;

/** A person who can be reached by every channel and has ruled out nothing. */
export const ada = {
  id: 'ada',
  email: 'ada@example.com',
  phone: '+4915112345678',
  slack: 'U0123456789',
  timezone: 'Europe/Berlin',
  consent: { email: consent, sms: consent, slack: consent },
} as const;

type Changes = Partial<Omit<DecideInput, 'notification' | 'settings' | 'policy'>> & {
  readonly notification?: Partial<DecideInput['notification']>;
  readonly settings?: SettingsDoc;
  readonly snooze?: Snooze;
  readonly policy?: Partial<HubPolicy>;
};

/** Everything in order; each test says what is not. */
export function input(changes: Changes = {}): DecideInput {
  const { notification, settings, snooze, policy: own, ...rest } = changes;
  const whole = { ...policy, ...own };
  return {
    person: ada,
    devices: [phone],
    presence: 'offline',
    addresses: {},
    usage: [],
    can: () => true,
    now: NOON,
    ...rest,
    settings: effectiveSettings(whole.defaults, settings, snooze),
    policy: whole,
    notification: {
      id: 'n1',
      app: 'default',
      type: 'incident.created',
      title: 'Disk full',
      message: 'db-3 has 2 % left',
      priority: 'medium',
      to: { users: ['ada'] },
      created_at: NOON,
      ...notification,
    },
  };
}
