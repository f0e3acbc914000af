import { providerRow } from '../carrier/provider-row.ts';
import { fcmDevices } from './device.ts';
import { fcmReasons, unknownReason } from './reasons.ts';
import { fcmRequests } from './requests.ts';
import { fcmSection } from './section.ts';
import { fcmSettings } from './settings.ts';

const PROBE_TOPIC = 'martlet-probe';

/** Firebase Cloud Messaging, platform 2. */
export const fcm = providerRow({
  number: 2,
  platform: 'android',
  name: 'fcm',
  title: { platform: 'Android', provider: 'FCM' },
  environments: ['production'],
  section: fcmSection,
  settings: fcmSettings,
  requests: fcmRequests,
  devices: fcmDevices,
  reasons: fcmReasons,
  unknownReason,
  delivery: {
    // Gorush takes so many for one call of Google's client.
    slice: () => 500,
    // Google's client repeats a 503 and a lost connection by itself: four times, but fewer are nearer to `max_retry: 0`.
    free: { least: 1, renewal: true },
  },
  look: {
    colour: 'yellow',
    flags: [{ names: ['fcm-key'], takes: 'file', key: 'key_path', help: 'service account, JSON' }],
  },
  probe: {
    // FCM checks a `dry_run` and delivers nothing.
    push: () => ({
      notification: { platform: 2, tokens: [], topic: PROBE_TOPIC, dry_run: true, data: { probe: '1' } },
      kind: 'topic',
      targets: [PROBE_TOPIC],
      environment: 'production',
    }),
  },
  open: async (services) => (await import('./open.ts')).openFcm(services),
  simulate: async (simulation) => (await import('./sandbox.ts')).simulateFcm(simulation),
});
