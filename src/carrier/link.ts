import type { Notification } from '../push/push.ts';
import { fieldOf } from './provider-row.ts';

/** Where a click on the notification leads: `url`, else `click_action`; empty: nowhere. */
export const linkOf = (notification: Notification): string =>
  fieldOf<string>(notification, 'url') || fieldOf<string>(notification, 'click_action') || '';
