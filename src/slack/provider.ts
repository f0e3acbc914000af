import { providerRow } from '../carrier/provider-row.ts';
import { slackReasons, unknownReason } from './reasons.ts';
import { slackRequests } from './requests.ts';
import { slackSection } from './section.ts';
import { slackSettings } from './settings.ts';

/** Slack, platform 9. */
export const slack = providerRow({
  number: 9,
  platform: 'slack',
  name: 'slack',
  title: { platform: 'Slack', provider: 'Slack' },
  environments: ['production'],
  section: slackSection,
  settings: slackSettings,
  requests: slackRequests,
  reasons: slackReasons,
  unknownReason,
  delivery: {
    slice: () => 100,
    free: { least: 0, renewal: false },
  },
  look: {
    colour: 'magenta',
    flags: [{ names: ['slack-token'], takes: 'token', key: 'token', help: 'bot token of Slack' }],
  },
  open: async (services) => (await import('./open.ts')).openSlack(services),
  simulate: async (simulation) => (await import('./sandbox.ts')).simulateSlack(simulation),
});
