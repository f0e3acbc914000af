import { postingWords } from '../../../src/carrier/posting-words.ts';
import { AGAIN, failure, type Reason, type ReasonTable } from '../../../src/carrier/reasons.ts';

export const pagerReasons = {
  NO_SUCH_PAGER: { category: 'invalid_token', advice: 'The pager was handed back: delete its number.' },
  FLAT: { category: 'unavailable', advice: 'The battery of the pager is flat.', again: AGAIN },
  WRONG_KEY: { category: 'credential', advice: 'Check `pager.key`.' },
  ...postingWords('the pager network', 'pager.endpoint'),
  Unreadable: { category: 'invalid_request', advice: 'Shorten the text: a pager shows 20 characters.' },
} as const satisfies ReasonTable;

export const pagerFailure = (reason: keyof typeof pagerReasons, error: string) => failure(pagerReasons, reason, error);

export const unknownReason = (status: number): Reason =>
  status >= 500 || status === 429 ? pagerReasons.FLAT : pagerReasons.Unreadable;
