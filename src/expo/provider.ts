import { providerRow } from '../carrier/provider-row.ts';
import { expoDevices } from './device.ts';
import { expoReasons, unknownReason } from './reasons.ts';
import { expoRequests } from './requests.ts';
import { expoSection } from './section.ts';
import { expoSettings } from './settings.ts';

/** Expo's push service, platform 5. */
export const expo = providerRow({
  number: 5,
  platform: 'expo',
  name: 'expo',
  title: { platform: 'Expo', provider: 'Expo' },
  environments: ['production'],
  section: expoSection,
  settings: expoSettings,
  requests: expoRequests,
  devices: expoDevices,
  reasons: expoReasons,
  unknownReason,
  delivery: {
    // Expo takes so many recipients in one request.
    slice: () => 100,
    free: { least: 0, renewal: false },
    receipts: true,
  },
  look: { colour: 'cyan' },
  open: async (services) => (await import('./open.ts')).openExpo(services),
  simulate: async (simulation) => (await import('./sandbox.ts')).simulateExpo(simulation),
});
