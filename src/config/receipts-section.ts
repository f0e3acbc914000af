import { ours, section, text } from './leaf.ts';

export const DEFAULT_RECEIPTS_PATH = 'data/receipts.db';

export const receiptsSection = section(
  'Pushes that a provider has accepted and will say more about: Expo tickets, SMS. See late-outcomes.md.',
  {
    path: text(
      DEFAULT_RECEIPTS_PATH,
      'The file; empty: memory. Unless it is set, it is beside the queue file, and in memory where the queue is. Made with the first such push.',
      ours,
    ),
  },
);
