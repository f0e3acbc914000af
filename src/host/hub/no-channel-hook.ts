import { hash } from 'node:crypto';
import type { FeedbackHook } from '../../feedback/hook.ts';
import type { NoChannelHook, Unreached } from '../../hub/sends/no-channel.ts';

/** Characters of a hash that are kept, as of reports of pushes: 162 bits. */
const LENGTH = 27;

/** The same however often the hook hears of it. */
const idOf = ({ app, notification, user }: Unreached): string =>
  `msg_${hash('sha256', JSON.stringify(['no-channel', app, notification, user]), 'base64url').slice(0, LENGTH)}`;

/** How the report about a person begins. */
export const noChannelStart = (app: string, user: string): string =>
  JSON.stringify({ type: 'no-channel', app, user, end: 0 }).replace('"end":0}', '');

/** Tells an app's feedback hook of people whom nothing can reach, like a push that failed. */
export const noChannelHook = (hook: Pick<FeedbackHook, 'hears' | 'tell' | 'waiting'>): NoChannelHook => ({
  hears: (app) => hook.hears(app),
  waiting: (app) => hook.waiting(app),
  tell(unreached) {
    const { app, user, notification, reason } = unreached;
    hook.tell(app, idOf(unreached), { type: 'no-channel', app, user, notification_id: notification, reason });
  },
});
