import { createHash, randomBytes } from 'node:crypto';
import type { Notification } from '../push/push.ts';

/** The apns-id of a push; the same for every attempt, so that Apple's log and ours show a repeated push as one. */
export type ApnsIds = (notification: Notification, token: string) => string;

/** Derives ids from a random seed for each notification: nothing has to be kept for each token. */
export function createApnsIds(random: (size: number) => Buffer = randomBytes): ApnsIds {
  const seeds = new WeakMap<Notification, Buffer>();
  return (notification, token) => {
    let seed = seeds.get(notification);
    if (!seed) {
      seed = random(16);
      seeds.set(notification, seed);
    }
    return uuid(createHash('sha256').update(seed).update(token).digest());
  };
}

/** RFC 9562 section 5.4: sixteen random bytes but for the version and the variant. */
function uuid(bytes: Buffer): string {
  bytes[6] = ((bytes[6] as number) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80;
  const hex = bytes.toString('hex', 0, 16);
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
