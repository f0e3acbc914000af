import type { ProviderRow } from '../carrier/provider-row.ts';
import { type Advice, type ReasonTable, reasonIn, SENT_AGAIN, wholeAdvice } from '../carrier/reasons.ts';
import type { Category, Environment, Provider } from '../push/push.ts';
import { builtIn, type ProviderTable } from './registry.ts';

/** A failure, as far as what to do about it depends on it. Absent: unknown. */
export interface Trouble {
  readonly reason: string;
  readonly category?: Category | undefined;
  readonly provider?: Provider | undefined;
  readonly environment?: Environment | undefined;
  /** HTTP status of the provider's answer. */
  readonly status?: number | undefined;
  /** It is not tried again, whatever the provider's word promises. */
  readonly isFinal?: boolean | undefined;
}

/** Words of the relay itself, whatever the provider. */
export const relayReasons: ReasonTable = {
  Expired: {
    category: 'expired',
    advice: 'See the last error in the text; raise `queue.max_age` if late is better than never.',
  },
  Cancelled: {
    category: 'cancelled',
    advice: 'Nothing to do: the hub took it back while it waited (read elsewhere, device gone, person deleted).',
  },
  Pending: { category: 'pending', advice: 'Wait for the feedback hook, or raise `core.sync_timeout`.' },
  PlatformDisabled: { category: 'disabled', advice: 'Switch the platform on and give its credentials.' },
  UnknownPlatform: {
    category: 'disabled',
    advice: 'The error text lists the platforms: give the number or the name of one.',
  },
  UnknownApp: { category: 'disabled', advice: 'Create the app, or name one that there is.' },
  PushNotConfigured: { category: 'disabled', advice: 'Give the app a credential for this platform.' },
  CredentialUnusable: { category: 'not_sent', advice: 'Replace the credential of the app; until then pushes wait.' },
  InternalError: {
    category: 'invalid_request',
    advice: 'A mistake of the relay: the error log has it at the same moment; please report it.',
  },
  Unreadable: {
    category: 'invalid_request',
    advice:
      'A record of the queue that this version cannot read: `martlet queue aside` shows it; release it to a version that can, or drop it.',
  },
  SetAside: {
    category: 'invalid_request',
    advice:
      'Processes ended over and over while they had it in hand: look for what ended them, then `martlet queue release` or `drop` it; please report it.',
  },
  InvalidRequest: {
    category: 'invalid_request',
    advice: 'A header has characters that HTTP forbids: look for line breaks in `topic`, `collapse_id` and `apns_id`.',
  },
  CertificateRefused: {
    category: 'credential',
    advice:
      'Replace the TLS certificate that we show (`ios.key_path`): it is revoked, expired or not known there, or none was shown.',
  },
  ShuttingDown: { category: 'not_sent', advice: 'Nothing to do: the next process sends it.' },
};

/** What an answer without a word of its own, or without any answer, means. */
const byCategory: Partial<Record<Category, Advice>> = {
  not_sent: {
    advice: 'The provider could not be reached: check network, DNS, proxy and firewall.',
    again: SENT_AGAIN,
  },
  unanswered: { advice: 'No answer came.', again: 'It is sent again by itself, and the device may get it twice.' },
  disabled: { advice: 'Give the app a credential for this platform, or send to an app that has one.' },
  expired: { advice: 'It waited too long: see what its lane waited for.' },
};

/** Of what would be tried again, had it a retry left. */
function givenUp({ category }: Trouble, advice: string | undefined, row: ProviderRow | undefined): string | undefined {
  if (category !== 'unavailable' && category !== 'unanswered') return advice;
  const unsure = category === 'unanswered' ? ' (the device may have it)' : '';
  const raise = row ? `, or raise \`${row.platform}.max_retry\`` : '';
  return `No retry was left: send it again later${unsure}${raise}.${advice === undefined ? '' : ` ${advice}`}`;
}

/**
 * What to do about a failed push, in a sentence or two: what docs/errors.md says of its reason, what its environment adds, and for one
 * that was given up what that asks for.
 */
export function adviceFor(trouble: Trouble, providers: ProviderTable = builtIn): string | undefined {
  const own = reasonIn(relayReasons, trouble.reason);
  if (own) return own.advice;
  const row = trouble.provider === undefined ? undefined : providers.named(trouble.provider);
  const said = providerAdvice(trouble, row);
  return trouble.isFinal ? givenUp(trouble, said?.advice, row) : said && wholeAdvice(said);
}

function providerAdvice(trouble: Trouble, row: ProviderRow | undefined): Advice | undefined {
  const { category, status } = trouble;
  const known = row && wordOf(row.reasons, trouble);
  if (known !== undefined) return known;
  const general = category && byCategory[category];
  if (general !== undefined) return general;
  return row && status !== undefined ? row.unknownReason(status) : undefined;
}

function wordOf(table: ReasonTable, { reason, category, environment }: Trouble): Advice | undefined {
  const row = reasonIn(table, reason);
  const here = environment && row?.environments?.[environment];
  const narrow = here ?? (category === 'invalid_token' ? row?.aboutTarget : undefined);
  return narrow === undefined ? row : { advice: narrow };
}
