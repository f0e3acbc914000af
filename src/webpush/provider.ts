import { providerRow } from '../carrier/provider-row.ts';
import { webDevices } from './device.ts';
import { partitionOf } from './partition.ts';
import { unknownWebPushReason, webPushReasons } from './reasons.ts';
import { webRequests } from './requests.ts';
import { webSection } from './section.ts';
import { webSettings } from './settings.ts';
import { vendorOf } from './vendor.ts';

/** Web Push and UnifiedPush, platform 4. */
export const web = providerRow({
  number: 4,
  platform: 'web',
  name: 'web',
  title: { platform: 'Web', provider: 'Web Push' },
  environments: ['production'],
  section: webSection,
  settings: webSettings,
  requests: webRequests,
  devices: webDevices,
  reasons: webPushReasons,
  unknownReason: unknownWebPushReason,
  delivery: {
    slice: () => 500,
    // What a service calls expired is signed again by its clock.
    free: { least: 0, renewal: true },
    partitionOf,
    partitionLabel: (partition) => vendorOf(partition),
  },
  look: { colour: 'magenta' },
  open: async (services) => (await import('./open.ts')).openWebPush(services),
  simulate: async (simulation) => (await import('./sandbox.ts')).simulateWebPush(simulation),
});
