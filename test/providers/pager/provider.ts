/**
 * A provider that there is not: pagers that buzz a text, by number. Its folder and its row are all there is of it, and everything
 * that lists providers takes it from the row (one-folder.test.ts).
 */
import { providerRow } from '../../../src/carrier/provider-row.ts';
import { string } from '../../../src/push/wire/go-types.ts';
import { struct } from '../../../src/push/wire/struct.ts';
import { pagerReasons, unknownReason } from './reasons.ts';
import { pagerSection } from './section.ts';

/** The first two digits of a number. */
const districtOf = (number: string, districts: readonly string[]): string =>
  districts.includes(number.slice(0, 2)) ? number.slice(0, 2) : '';

export const pager = providerRow({
  number: 99,
  platform: 'pager',
  name: 'beeps',
  title: { platform: 'Pager', provider: 'Beeps' },
  environments: ['production'],
  section: pagerSection,
  settings: {
    identity: { whole: ['key'], all: ['key'] },
    isGiven: ({ key }) => key !== '',
    troubles: ({ key }) => (key === '' ? [{ key: 'pager.key', text: 'missing: the key of the network' }] : []),
    describe: ({ endpoint }) => `pagers by ${endpoint}`,
    stored: {
      refused: { endpoint: 'is set in config.yml only' },
      kinds: ['key'],
      facts: ({ key }) => (key ? { has_key: true, kind: 'key' } : undefined),
    },
  },
  requests: {
    reads: ['message'],
    fields: { pager: { decode: struct({ buzz: string }), docs: 'What it buzzes.', component: 'PagerFields' } },
    topic: 'none',
    masked: (target) => `${target.slice(0, 2)}…`,
    examples: {
      pager: {
        summary: 'A pager',
        notification: { platform: 'pager', tokens: ['4712345'], message: 'call home', pager: { buzz: 'call home!' } },
      },
    },
  },
  reasons: pagerReasons,
  unknownReason,
  delivery: {
    slice: () => 100,
    free: { least: 0, renewal: false },
    partitionOf: (target, { districts }) => districtOf(target, districts),
    receipts: true,
  },
  look: {
    colour: 'cyan',
    flags: [{ names: ['pager-key'], takes: 'key', key: 'key', help: 'key of the network' }],
  },
  open: async (services) => (await import('./open.ts')).openPager(services),
  simulate: async (simulation) => (await import('./sandbox.ts')).simulatePager(simulation),
});
