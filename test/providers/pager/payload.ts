import { createHmac } from 'node:crypto';
import { fieldOf } from '../../../src/carrier/provider-row.ts';
import type { Notification } from '../../../src/push/push.ts';

/** The text of a pager's own field, else the message. */
export const buzzOf = (notification: Notification): string =>
  fieldOf<{ readonly buzz?: string }>(notification, 'pager')?.buzz ?? notification.message ?? '';

export const signatureOf = (key: string, body: string | Buffer): string =>
  createHmac('sha256', key).update(body).digest('hex');
