import type { Failed, Notification } from '../push/push.ts';

/** Sixteen times what a provider takes, which is 4 KiB, or 5 of a voip push. */
const MOST_BYTES = 64 * 1024;
/** Targets that may have it sent all the same, so that the provider itself says what is wrong. */
const FEW = 3;

/**
 * Why a payload is not even sent: the provider's answer is known, and 5 MB for 2,000 tokens would be 10 GB of questions.
 * @param bytes of the payload without its targets
 */
export const hopelessSize = (bytes: number, { tokens }: Pick<Notification, 'tokens'>): Failed | undefined =>
  bytes <= MOST_BYTES || tokens.length <= FEW
    ? undefined
    : {
        kind: 'failed',
        category: 'invalid_request',
        reason: 'PayloadTooLarge',
        error: `PayloadTooLarge: the payload has ${bytes} bytes, no provider takes more than a few thousand`,
      };
