/** How many people are decided about at once. */
import type { NotificationDoc } from '../../notifications/notification-doc.ts';
import { type Audience, isByName } from '../audience/audience.ts';

/** Of what is written in one transaction: each person whose stream shows the notification gets a copy of it. */
const MOST_BYTES = 4 * 1024 * 1024;
/** As many copies of the largest body there is: how large it is need not be known. */
const FEW_COPIES = 4;
/** Fewer people by their names need no page to be read. */
const FEW = 500;

function mostCopies({ to: _, ...said }: NotificationDoc): number {
  return Math.max(1, Math.floor(MOST_BYTES / JSON.stringify(said).length));
}

/** @param page of what is small */
export const pageFor = (notification: NotificationDoc, page: number): number =>
  Math.min(page, mostCopies(notification));

/** A notification that is for a few people by name needs no more than to know which of them there are. */
export const isForFew = (notification: NotificationDoc, to: Audience): boolean =>
  to.users.length < FEW &&
  isByName(to) &&
  (to.users.length <= FEW_COPIES || to.users.length <= mostCopies(notification));
