import { MartletError } from '../../../kit/errors.ts';
import { StoreUnavailable } from '../store-unavailable.ts';

/**
 * https://www.postgresql.org/docs/current/errcodes-appendix.html: serialization_failure, deadlock_detected, and lock_not_available of
 * a transaction that wanted to be alone.
 */
const REPEATED = new Set(['40001', '40P01', '55P03']);
/**
 * unique_violation: two transactions made the same row, of which each saw that it was not there (13.5 of the manual advises to repeat).
 * One of ours that always fails so is given up soon.
 */
const UNIQUE = '23505';

/**
 * The server or the way to it: connection exceptions, no room, operator intervention, read-only after a failover, sign-in; and a
 * transaction that the server ended because this process stood still.
 */
const SERVER_TROUBLE = /^(?:08|53|57|58|28|3D|25006|25P03)/;

const codeOf = (error: unknown): string | undefined => {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : undefined;
};

export const isRepeatable = (error: unknown): boolean => REPEATED.has(codeOf(error) ?? '');
export const isUniqueViolation = (error: unknown): boolean => codeOf(error) === UNIQUE;

/** pg's own errors of a lost connection have no code. */
const LOST =
  /^(?:Connection terminated|timeout exceeded when trying to connect|timeout expired|Query read timeout|Client has encountered a connection error|Client was closed)/;

/** A query that was sent, and not answered in time: the connection is of no use any more. */
export const isUnanswered = (error: unknown): boolean =>
  error instanceof Error && error.message === 'Query read timeout';

function isTrouble(error: unknown): boolean {
  // What a work throws is its own.
  if (!(error instanceof Error) || error instanceof MartletError) return false;
  const code = codeOf(error);
  if (code === undefined) return LOST.test(error.message) || error instanceof AggregateError;
  // Node's own codes, ECONNREFUSED and its like; SQLSTATEs have five characters with a digit.
  return SERVER_TROUBLE.test(code) || /^E[A-Z_]+$/.test(code);
}

/** PgBouncer refuses a client that asks for what it does not know, https://www.pgbouncer.org/config.html#ignore_startup_parameters. */
const POOLER_REFUSES = /^unsupported startup parameter/;
const POOLER_ADVICE =
  '; a PgBouncer needs `ignore_startup_parameters = options, statement_timeout, idle_in_transaction_session_timeout` (docs/hub.md)';

/** @returns StoreUnavailable for a server that cannot be reached or asked; any other error as it is. */
export function readableTrouble(error: unknown): unknown {
  if (!isTrouble(error)) return error;
  const { message } = error as Error;
  const text = (message || (codeOf(error) ?? 'no connection')) + (POOLER_REFUSES.test(message) ? POOLER_ADVICE : '');
  return new StoreUnavailable(`hub.postgres: ${text}`, 1, { cause: error });
}
