import { providerRow } from '../carrier/provider-row.ts';
import { emailReasons, unknownReason } from './reasons.ts';
import { emailRequests } from './requests.ts';
import { emailSection } from './section.ts';
import { emailSettings, retryPauses } from './settings.ts';

/** Mail over SMTP, platform 7. */
export const email = providerRow({
  number: 7,
  platform: 'email',
  name: 'email',
  title: { platform: 'Mail', provider: 'SMTP' },
  environments: ['production'],
  section: emailSection,
  settings: emailSettings,
  requests: emailRequests,
  reasons: emailReasons,
  unknownReason,
  delivery: {
    slice: () => 100,
    free: { least: 0, renewal: false },
    retries: ({ backoff, max_age: maxAge }) => ({ pauses: retryPauses(backoff), maxAge }),
    receipts: true,
  },
  look: {
    colour: 'green',
    flags: [
      { names: ['email-host'], takes: 'host', key: 'host', help: 'SMTP server that takes the mail' },
      { names: ['email-from'], takes: 'address', key: 'from', help: 'who sends the mail' },
    ],
  },
  open: async (services) => (await import('./open.ts')).openEmail(services),
  simulate: async (simulation) => (await import('./sandbox.ts')).simulateEmail(simulation),
});
