import { background } from '../../../kit/background.ts';
import type { DecisionDetail } from '../../notifications/decision.ts';
import type { HubDb, HubStore } from '../../storage/storage.ts';
import { dueId, setDue } from '../../timers/due-rows.ts';
import type { PresenceOf } from '../accepting/send-order.ts';
import { personDue } from '../person-due.ts';
import { type DecisionRow, waits } from '../rows/decision-rows.ts';

export interface BrokenStreamsOptions {
  readonly store: Pick<HubStore, 'write'>;
  readonly presenceOf: PresenceOf;
  /** A timer was set. */
  readonly nudge: (at: number) => void;
  /** UNIX milliseconds. */
  readonly now: () => number;
  readonly tell: (level: 'error', message: string) => void;
}

/** Streams that end within this are looked at together. */
const TOGETHER_MS = 50;
const AT_ONCE = 100;

/**
 * Plans wait for the stream of a person who is there. Who is there no longer is not waited for: what would begin when the stream has had
 * its time begins now, after its own delay, in which a page that was only loaded again is back and may acknowledge.
 */
export class BrokenStreams {
  readonly #options: BrokenStreamsOptions;
  readonly #left = new Map<string, Set<string>>();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: BrokenStreamsOptions) {
    this.#options = options;
  }

  /** A stream of a person has ended here. */
  left(app: string, user: string): void {
    const users = this.#left.get(app) ?? new Set();
    this.#left.set(app, users.add(user));
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      background(this.#look(), (error) =>
        this.#options.tell('error', `waits for streams that ended go on: ${error.message}`),
      );
    }, TOGETHER_MS).unref();
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#left.clear();
  }

  async #look(): Promise<void> {
    const left = [...this.#left].map(([app, users]) => [app, [...users]] as const);
    this.#left.clear();
    for (const [app, users] of left)
      for (let at = 0; at < users.length; at += AT_ONCE) await this.#some(app, users.slice(at, at + AT_ONCE));
  }

  async #some(app: string, users: readonly string[]): Promise<void> {
    const { store, presenceOf, nudge, now } = this.#options;
    const presence = await presenceOf(app, users);
    const away = users.filter((user) => presence.get(user) !== 'active');
    if (away.length === 0) return;
    const at = await store.write((tx) => endWaits(tx, app, away, now()));
    if (at !== undefined) nudge(at);
  }
}

/** @returns when the first of what has waited begins; undefined: nothing has */
async function endWaits(tx: HubDb, app: string, users: readonly string[], now: number): Promise<number | undefined> {
  const rows = await tx
    .selectFrom('decisions')
    .selectAll()
    .where('app', '=', app)
    .where('user', 'in', users)
    .where('state', '=', 'pending')
    .where('until', '>', now)
    .where(waits)
    .execute();
  const begins: number[] = [];
  for (const [, some] of Map.groupBy(rows, ({ notification, user }) => JSON.stringify([notification, user]))) {
    const at = await endWait(tx, some, now);
    if (at !== undefined) begins.push(at);
  }
  return begins.length > 0 ? Math.min(...begins) : undefined;
}

/** @param waiting of one notification for one person */
async function endWait(tx: HubDb, waiting: readonly DecisionRow[], now: number): Promise<number | undefined> {
  const [{ app, notification, user }] = waiting as [DecisionRow];
  const streams = await tx
    .selectFrom('decisions')
    .select('hop')
    .where('app', '=', app)
    .where('notification', '=', notification)
    .where('user', '=', user)
    .where('channel', '=', 'realtime')
    .execute();
  const hops = new Set(streams.map(({ hop }) => hop));
  let first: number | undefined;
  for (const row of waiting) {
    const { plan } = JSON.parse(row.detail ?? '{}') as DecisionDetail;
    const begins = now + (plan?.delay_ms ?? 0);
    if (!plan || !hops.has(plan.after) || begins >= (row.until as number)) continue;
    first = Math.min(first ?? begins, begins);
    await tx
      .updateTable('decisions')
      .set({ until: begins })
      .where((eb) => eb.and({ app, notification, user, hop: row.hop, channel: row.channel, device: row.device }))
      .execute();
  }
  if (first === undefined) return undefined;
  const timer = personDue(app, notification, user);
  const set = await tx.selectFrom('due').select('due_at').where('id', '=', dueId(timer)).executeTakeFirst();
  if (set && set.due_at <= first) return undefined;
  await setDue(tx, [{ ...timer, at: first }]);
  return first;
}
