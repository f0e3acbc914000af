import { createHash, randomBytes } from 'node:crypto';
import type { HubStore } from '../storage/storage.ts';

/** What a ticket opens: one stream of one person. Times are UNIX milliseconds. */
export interface RedeemedTicket {
  readonly app: string;
  readonly user: string;
  readonly issuedAt: number;
  /** When the right ends that it was made with; undefined: it does not. */
  readonly endsAt: number | undefined;
}

export interface IssuedTicket {
  readonly ticket: string;
  readonly expiresAt: number;
}

const TICKET_MS = 60_000;
const FORM = /^[\w-]{43}$/;

const hashOf = (ticket: string): string => createHash('sha256').update(ticket).digest('base64url');

/** Tickets for browsers, whose EventSource sends no header: each opens one stream, once, within a minute, at any instance. */
export class StreamTickets {
  readonly #store: Pick<HubStore, 'write'>;
  readonly #now: () => number;

  /** @param now UNIX milliseconds */
  constructor(store: Pick<HubStore, 'write'>, now: () => number) {
    this.#store = store;
    this.#now = now;
  }

  /** @param endsAt when the caller's own right ends, UNIX milliseconds */
  async issue(app: string, user: string, endsAt: number | undefined): Promise<IssuedTicket> {
    const ticket = randomBytes(32).toString('base64url');
    const now = this.#now();
    const expiresAt = Math.min(now + TICKET_MS, endsAt ?? Number.POSITIVE_INFINITY);
    await this.#store.write(async (tx) => {
      await tx.deleteFrom('stream_tickets').where('expires_at', '<=', now).execute();
      await tx
        .insertInto('stream_tickets')
        .values({ hash: hashOf(ticket), app, user, expires_at: expiresAt, ends_at: endsAt ?? null })
        .execute();
    });
    return { ticket, expiresAt };
  }

  /**
   * Uses a ticket up.
   * @param user whose stream is to be opened with it: one of another person stays good for that one
   * @returns undefined for one that was used, is over, or was never there
   */
  async redeem(ticket: string, user: string): Promise<RedeemedTicket | undefined> {
    if (!FORM.test(ticket)) return undefined;
    const row = await this.#store.write((tx) =>
      tx
        .deleteFrom('stream_tickets')
        .where('hash', '=', hashOf(ticket))
        .where('user', '=', user)
        .where('expires_at', '>', this.#now())
        .returning(['app', 'user', 'expires_at', 'ends_at'])
        .executeTakeFirst(),
    );
    if (!row) return undefined;
    const endsAt = row.ends_at ?? undefined;
    return { app: row.app, user: row.user, issuedAt: row.expires_at - TICKET_MS, endsAt };
  }
}
