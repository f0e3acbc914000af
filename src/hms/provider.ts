import { providerRow } from '../carrier/provider-row.ts';
import { hmsDevices } from './device.ts';
import { hmsReasons, unknownReason } from './reasons.ts';
import { hmsRequests } from './requests.ts';
import { hmsSection } from './section.ts';
import { hmsSettings } from './settings.ts';

/** Huawei Mobile Services (Push Kit), platform 3. */
export const hms = providerRow({
  number: 3,
  platform: 'huawei',
  name: 'hms',
  title: { platform: 'Huawei', provider: 'HMS' },
  environments: ['production'],
  section: hmsSection,
  settings: hmsSettings,
  requests: hmsRequests,
  devices: hmsDevices,
  reasons: hmsReasons,
  unknownReason,
  delivery: {
    // HMS takes so many tokens in one request.
    slice: () => 1000,
    // Huawei's client renews its token and sends again once by itself.
    free: { least: 0, renewal: true },
  },
  look: {
    colour: 'green',
    flags: [
      { names: ['hk', 'hmskey'], takes: 'secret', key: 'appsecret', help: 'secret of the app' },
      { names: ['hid', 'hmsid'], takes: 'id', key: 'appid', help: 'id of the app' },
    ],
  },
  probe: {
    // HMS signs the app in before it looks at the token.
    push: () => ({
      notification: { platform: 3, tokens: [], message: 'probe', huawei_data: '{}' },
      kind: 'token',
      targets: ['0'.repeat(64)],
      environment: 'production',
    }),
    // It has let us in when it complains about the push.
    isGood: ({ category }) => category === 'invalid_request',
  },
  open: async (services) => (await import('./open.ts')).openHms(services),
  simulate: async (simulation) => (await import('./sandbox.ts')).simulateHms(simulation),
});
