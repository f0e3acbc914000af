import type { Notification } from '../push/push.ts';
import { DEVICE_PREFIX } from './path-segment.ts';

/**
 * A request that reaches no device, to learn whether APNs takes our credential again. APNs looks at the credential before the device
 * token: whatever it says about this one, it has let us in. Should a device have the token of zeros, a background
 * push without content shows nothing.
 */
export const PROBE_PATH = `${DEVICE_PREFIX}${'0'.repeat(64)}`;
export const PROBE_BODY: Uint8Array = Buffer.from('{"aps":{}}');

/** @param topic one that pushes have used: a request without one is refused for that. */
export const probeNotification = (topic: string | undefined): Notification => ({
  platform: 1,
  tokens: [],
  push_type: 'background',
  priority: 'normal',
  ...(topic ? { topic } : {}),
});
