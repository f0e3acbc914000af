import { apns } from '../../src/apns/provider.ts';
import { fcm } from '../../src/fcm/provider.ts';
import { hms } from '../../src/hms/provider.ts';

/** What the three providers of Gorush repeat though `max_retry` is 0. */
export const FREE_RETRIES = { apns: apns.delivery.free, fcm: fcm.delivery.free, hms: hms.delivery.free } as const;
