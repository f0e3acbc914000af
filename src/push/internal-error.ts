import type { Failed } from './push.ts';

/** A mistake of ours kept a push from being sent; sent again it would meet the same. Says nothing of what the push holds. */
export const internalError = (error: unknown): Failed => ({
  kind: 'failed',
  category: 'invalid_request',
  reason: 'InternalError',
  error: `the relay could not send this push: ${error instanceof Error ? error.name : 'an error'} (a mistake of the relay)`,
});
