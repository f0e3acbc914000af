import type { PresenceState } from '../../notifications/decide-input.ts';
import type { NotificationDoc } from '../../notifications/notification-doc.ts';
import type { HubDb, Row } from '../../storage/storage.ts';
import { RefusedSend } from '../refused-send.ts';
import type { RecipientTotals } from '../totals.ts';

/** What a caller is answered. */
export interface SendAnswer {
  readonly id: string;
  readonly status: string;
  readonly recipients: RecipientTotals;
}

export interface AcceptedSend {
  readonly answer: SendAnswer;
  /** It had been taken before: nothing was done now. */
  readonly isReplay: boolean;
}

export interface SendOrder {
  readonly app: string;
  readonly doc: NotificationDoc;
  /** SHA-256 of the body: the same id with another one is a conflict. */
  readonly bodyHash: string;
  /** Done in the same transaction. */
  readonly keep?: ((tx: HubDb, accepted: AcceptedSend) => Promise<void>) | undefined;
}

/** Who is present, by person; who is absent is offline. @param users or how they are found, which is not done where no one is present */
export type PresenceOf = (
  app: string,
  users: readonly string[] | (() => Promise<readonly string[]>),
) => Promise<ReadonlyMap<string, PresenceState>>;

/** @throws RefusedSend when the id was used for another body */
export function replayOf(
  before: Pick<Row<'notifications'>, 'id' | 'body_hash' | 'status' | 'totals'>,
  bodyHash: string,
): AcceptedSend {
  if (before.body_hash !== bodyHash)
    throw new RefusedSend('conflict', 'id: there is another notification with this id');
  const { id, status, totals } = before;
  return { answer: { id, status, recipients: JSON.parse(totals) as RecipientTotals }, isReplay: true };
}
