import { providerRow } from '../carrier/provider-row.ts';
import { smsReasons, unknownReason } from './reasons.ts';
import { smsRequests } from './requests.ts';
import { smsSection } from './section.ts';
import { smsSettings } from './settings.ts';

/** SMS through Twilio's Messages API, platform 8. */
export const sms = providerRow({
  number: 8,
  platform: 'sms',
  name: 'sms',
  title: { platform: 'SMS', provider: 'SMS' },
  environments: ['production'],
  section: smsSection,
  settings: smsSettings,
  requests: smsRequests,
  reasons: smsReasons,
  unknownReason,
  delivery: {
    slice: () => 100,
    free: { least: 0, renewal: false },
    receipts: true,
  },
  look: {
    colour: 'magenta',
    flags: [{ names: ['sms-from'], takes: 'number', key: 'from', help: 'number or name that sends' }],
  },
  open: async (services) => (await import('./open.ts')).openSms(services),
  simulate: async (simulation) => (await import('./sandbox.ts')).simulateSms(simulation),
});
