import type { Notification } from '../push.ts';

/** A request as the queue keeps it and as `/api/push` takes it: what `decodePushRequest` reads. */
export const encodePushRequest = (notifications: readonly Notification[]): string => JSON.stringify({ notifications });

const HEAD = Buffer.from('{"notifications":[');
const TAIL = Buffer.from(']}');

/** The same for one notification that is JSON already. */
export const requestOfJson = (notification: Uint8Array): Buffer => Buffer.concat([HEAD, notification, TAIL]);
