import { providerRow } from '../carrier/provider-row.ts';
import { ntfyDevices } from './device.ts';
import { ntfyReasons, unknownReason } from './reasons.ts';
import { ntfyRequests } from './requests.ts';
import { ntfySection } from './section.ts';
import { ntfySettings } from './settings.ts';

/** Quotas of a server are those of a day. */
const LONGEST_S = 86_400;

/** ntfy, platform 6. */
export const ntfy = providerRow({
  number: 6,
  platform: 'ntfy',
  name: 'ntfy',
  title: { platform: 'ntfy', provider: 'ntfy' },
  environments: ['production'],
  section: ntfySection,
  settings: ntfySettings,
  requests: ntfyRequests,
  devices: ntfyDevices,
  reasons: ntfyReasons,
  unknownReason,
  delivery: {
    slice: () => 100,
    free: { least: 0, renewal: false },
    retries: () => ({ maxAge: LONGEST_S }),
  },
  look: {
    colour: 'cyan',
    flags: [{ names: ['ntfy-endpoint'], takes: 'url', key: 'endpoint', help: 'base URL of the ntfy server' }],
  },
  open: async (services) => (await import('./open.ts')).openNtfy(services),
  simulate: async (simulation) => (await import('./sandbox.ts')).simulateNtfy(simulation),
});
