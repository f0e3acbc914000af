import type { StreamFault } from '../http2/http2-pool.ts';
import type { Category, Environment, Failed } from '../push/push.ts';

/** What a person should do about a failure, and what the relay does. */
export interface Advice {
  /** What it is, or what to do about it: one sentence, true of a push that is given up as well. */
  readonly advice: string;
  /** What the relay does by itself while the push has a retry left: said after the advice. */
  readonly again?: string;
}

/** What a word of a provider means for the relay, and what a person should do about it. */
export interface Reason extends Advice {
  readonly category: Category;
  /** The same word about the target: then the category is `invalid_token`, and this is the advice. */
  readonly aboutTarget?: string;
  /** Where the environment says more: the advice for pushes to it. */
  readonly environments?: Readonly<Record<Environment, string>>;
}

/** For `again`, where a person has nothing to do, and where the advice says what. */
export const AGAIN = 'Nothing to do: it is sent again.';
export const SENT_AGAIN = 'It is sent again by itself.';

/** What is said of a push that is tried again. */
export const wholeAdvice = ({ advice, again }: Advice): string => (again === undefined ? advice : `${advice} ${again}`);

/** The words of one provider, verbatim, and the transport's own in CamelCase. Keys are what callers see as `reason`. */
export type ReasonTable = Readonly<Record<string, Reason>>;

/** The row of a word; undefined for words that the table does not have, `constructor` included. */
export const reasonIn = (table: ReasonTable, word: string): Reason | undefined =>
  Object.hasOwn(table, word) ? table[word] : undefined;

/** `CONNECT_FAILED` → `ConnectFailed`, the spelling of the relay's own reasons. */
export const camelCase = (code: string): string =>
  code
    .split(/[^A-Za-z0-9]+/)
    .map((word) => word.slice(0, 1).toUpperCase() + word.slice(1).toLowerCase())
    .join('');

/** A failure of the transport's own: its category is that of the table. */
export const failure = <Words extends ReasonTable>(
  table: Words,
  reason: keyof Words & string,
  error: string,
): Failed => ({
  kind: 'failed',
  category: (table[reason] as Reason).category,
  reason,
  error,
});

/** Of a request without an answer. What HTTP/2 cannot carry (a line break in a header) is no better the next time. */
export function faultCategory({ code, processed }: StreamFault): Category {
  if (code === 'INVALID_REQUEST') return 'invalid_request';
  return processed === 'no' ? 'not_sent' : 'unanswered';
}

/**
 * The outcome of a push whose connection the provider ended because of our certificate: a verdict about us, and nothing that passes.
 * Undefined for every other fault.
 */
export function certificateRefused({ refusal }: StreamFault, session?: number): Failed | undefined {
  if (refusal?.by !== 'certificate') return undefined;
  return {
    kind: 'failed',
    category: 'credential',
    reason: 'CertificateRefused',
    error: `the provider refuses our certificate: ${refusal.text}`,
    ...(session === undefined ? {} : { session }),
  };
}
