import { providerRow } from '../carrier/provider-row.ts';
import { apnsDevices } from './device.ts';
import { apnsReasons, unknownReason } from './reasons.ts';
import { apnsRequests } from './requests.ts';
import { apnsSection } from './section.ts';
import { apnsSettings } from './settings.ts';

/** APNs looks at the credential first, then at the topic, then at the token: no device has one of nothing but zeros. */
const NO_DEVICE = '0'.repeat(64);

/** Apple Push Notification service, platform 1. */
export const apns = providerRow({
  number: 1,
  platform: 'ios',
  name: 'apns',
  title: { platform: 'iOS', provider: 'APNs' },
  environments: ['production', 'development'],
  section: apnsSection,
  settings: apnsSettings,
  requests: apnsRequests,
  devices: apnsDevices,
  reasons: apnsReasons,
  unknownReason,
  // What the transport says of answers without a readable word; what they mean depends on their status.
  moreReasons: ['BadAnswer', 'NoReason'],
  delivery: {
    slice: ({ max_concurrent_pushes: most }) => (most > 0 ? most : 1000),
    free: { least: 0, renewal: false },
  },
  look: {
    colour: 'blue',
    flags: [
      { names: ['i', 'key'], takes: 'file', key: 'key_path', help: 'key or certificate: .p8, .p12 or .pem' },
      { names: ['P', 'password'], takes: 'password', key: 'password', help: 'password of the certificate' },
      { names: ['key-id'], takes: 'id', key: 'key_id', help: 'id of the .p8 key' },
      { names: ['team-id'], takes: 'id', key: 'team_id', help: 'id of the team of the .p8 key' },
      { names: ['production'], key: 'production', help: "use Apple's production host" },
    ],
  },
  probe: {
    push: ({ production }, topic) => ({
      notification: {
        platform: 1,
        tokens: [],
        push_type: 'background',
        priority: 'normal',
        ...(topic === '' ? {} : { topic }),
      },
      kind: 'token',
      targets: [NO_DEVICE],
      environment: production ? 'production' : 'development',
    }),
    // APNs asks for a topic only after it has taken the credential.
    isGood: ({ reason }, { notification }) => reason === 'MissingTopic' && !notification.topic,
  },
  open: async (services) => (await import('./open.ts')).openApns(services),
  simulate: async (simulation) => (await import('./sandbox.ts')).simulateApns(simulation),
});
