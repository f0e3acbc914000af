import { type ActorName, auditChanges } from '../storage/audit.ts';
import type { HubDb, HubStore } from '../storage/storage.ts';
import type { DeviceVerdict } from './device.ts';
import { type DeviceRow, deleteDevices, MOST_IDS } from './device-rows.ts';
import { sweepFormer } from './former-targets.ts';
import { type KeptSuspicion, suspicionIn } from './suspicion.ts';
import { isSameToken } from './token-rev.ts';

export interface RemovalsOptions {
  readonly store: HubStore;
  readonly now: () => number;
  readonly tell: (level: 'info' | 'warn', message: string) => void;
}

/** More than this share of an app's devices, and at least so many, within this time: the verdicts are doubted. */
const SHARE = 0.2;
const LEAST = 50;
const WINDOW_MS = 600_000;
/** The number of an app's devices is asked for so often. */
const COUNT_MS = 60_000;
const MOST_SWEPT = 500;

const PAUSED = 'devices.removals_paused:';
const RESUMED = 'devices.removals_resumed:';

/** A pause that begins. */
interface Doubt {
  /** UNIX milliseconds. */
  readonly until: number;
  readonly dead: number;
  readonly all: number;
}

interface Applied {
  /** Ids of devices. */
  readonly dead: readonly string[];
  readonly doubt?: Doubt;
}

type Judged = { readonly row: DeviceRow; readonly verdict: DeviceVerdict };

/**
 * Takes in what providers say of tokens. A verdict counts for the token that it was about: one that came again since then (a later PUT
 * or POST, even of the same token) is not touched. When more than a fifth of an app's devices die within ten minutes the fault is
 * probably elsewhere (a wrong credential, a provider's mistake): then devices stay active with a suspicion, those that had died in
 * these minutes are active again, and after ten minutes, or when an operator says so, verdicts count again.
 */
export class Removals {
  readonly #options: RemovalsOptions;
  /** By app, until when; what this instance knows of. */
  readonly #paused = new Map<string, number>();
  /** Apps of whose pause the log knows. */
  readonly #said = new Set<string>();
  readonly #active = new Map<string, { readonly count: number; readonly at: number }>();

  constructor(options: RemovalsOptions) {
    this.#options = options;
  }

  /** Apps whose removals are paused. */
  paused(): string[] {
    const now = this.#options.now();
    return [...this.#paused].filter(([, until]) => until > now).map(([app]) => app);
  }

  /** Until when removals of an app are paused, UNIX milliseconds, of apps whose removals are or were. */
  get pauses(): ReadonlyMap<string, number> {
    return this.#paused;
  }

  /** @returns the ids of devices that are dead by it */
  async apply(verdicts: readonly DeviceVerdict[]): Promise<string[]> {
    const dead: string[] = [];
    for (const [app, own] of Map.groupBy(verdicts, ({ app }) => app))
      for (let start = 0; start < own.length; start += MOST_IDS) {
        const part = own.slice(start, start + MOST_IDS);
        const applied = await this.#options.store.write((tx) => this.#applyTo(tx, app, part));
        dead.push(...applied.dead);
        if (applied.doubt) this.#pause(app, applied.doubt);
      }
    return dead;
  }

  /** Whether removals of an app are paused, and until when, UNIX milliseconds, as all instances know it. */
  async pauseOf(app: string): Promise<{ readonly until: number } | undefined> {
    const { store, now } = this.#options;
    const until = await marked(store.db, PAUSED + app);
    return until > now() ? { until } : undefined;
  }

  /** Suspected devices are dead after all, and for ten minutes nothing is doubted. @returns how many */
  async resume(app: string, by: ActorName): Promise<number> {
    const { store, now } = this.#options;
    const at = now();
    const count = await store.write(async (tx) => {
      const suspects = await tx
        .selectFrom('devices')
        .select(['id', 'suspect'])
        .where('app', '=', app)
        .where('suspect', 'is not', null)
        .where('status', '=', 'active')
        .execute();
      for (const { id, suspect } of suspects) {
        const { reason } = JSON.parse(suspect as string) as { reason: string };
        await end(tx, app, id, 'invalid', reason, at);
      }
      await tx
        .deleteFrom('meta')
        .where('key', '=', PAUSED + app)
        .execute();
      await mark(tx, RESUMED + app, at + WINDOW_MS);
      const detail = { devices: suspects.length };
      await auditChanges(tx, store.seal, [
        { app, at, by, action: 'devices.removals_resumed', target: 'devices', detail },
      ]);
      return suspects.length;
    });
    if (this.#paused.has(app)) this.#paused.set(app, 0);
    this.#sayWhatEnded();
    return count;
  }

  /** Reads what other instances have paused, and says what has ended. */
  async refresh(): Promise<void> {
    const rows = await this.#options.store.db
      .selectFrom('meta')
      .selectAll()
      .where('key', 'like', `${PAUSED}%`)
      .execute();
    for (const app of this.#paused.keys()) this.#paused.set(app, 0);
    for (const { key, value } of rows) this.#paused.set(key.slice(PAUSED.length), Number(value));
    for (const app of this.paused()) this.#said.add(app);
    this.#sayWhatEnded();
  }

  #pause(app: string, { until, dead, all }: Doubt): void {
    this.#paused.set(app, until);
    this.#said.add(app);
    const text = `hub: ${dead} of ${all} devices of app ${app} were called dead within ten minutes`;
    this.#options.tell('warn', `${text}: none is removed for now; see docs/hub.md, "Many dead devices at once"`);
  }

  #sayWhatEnded(): void {
    const paused = new Set(this.paused());
    for (const app of this.#said)
      if (!paused.has(app)) {
        this.#said.delete(app);
        this.#options.tell('info', `hub: dead devices of app ${app} are removed again`);
      }
  }

  /** Deletes dead devices, `hub.devices.keep_dead` after they died, and tokens that people had as long ago. @returns how many devices */
  async sweep(keepMs: number): Promise<number> {
    const { store, now } = this.#options;
    const before = now() - keepMs;
    await store.write((tx) => sweepFormer(tx, before));
    for (let swept = 0; ; ) {
      const gone = await store.write(async (tx) => {
        const rows = await tx
          .selectFrom('devices')
          .select(['app', 'id'])
          .where('status', '=', 'invalid')
          .where('status_at', '<', before)
          .limit(MOST_SWEPT)
          .execute();
        for (const [app, own] of Map.groupBy(rows, (row) => row.app))
          await deleteDevices(
            tx,
            app,
            own.map(({ id }) => id),
          );
        return rows.length;
      });
      swept += gone;
      if (gone < MOST_SWEPT) return swept;
    }
  }

  async #applyTo(tx: HubDb, app: string, verdicts: readonly DeviceVerdict[]): Promise<Applied> {
    const ids = [...new Set(verdicts.map(({ device }) => device))];
    const rows = await tx.selectFrom('devices').selectAll().where('app', '=', app).where('id', 'in', ids).execute();
    const byId = new Map(rows.map((row) => [row.id, row]));
    const judged = verdicts.flatMap((verdict): Judged[] => {
      const row = byId.get(verdict.device);
      return row && concerns(row, verdict) ? [{ row, verdict }] : [];
    });
    const dying = new Map(
      judged.filter(({ verdict }) => verdict.verdict === 'dead').map((each) => [each.row.id, each]),
    );
    for (const { row, verdict } of judged)
      if (verdict.verdict === 'taken') await clear(tx, app, row.id);
      else if (verdict.verdict === 'key_mismatch')
        await end(tx, app, row.id, 'key_mismatch', verdict.reason, verdict.at);
    if (dying.size === 0) return { dead: [] };
    const doubted = await this.#doubt(tx, app, dying.size);
    if (doubted) {
      for (const { row, verdict } of dying.values())
        await suspect(tx, app, row.id, { ...suspicionIn(row.suspect), ...said(verdict), until: doubted.until });
      return { dead: [], ...('dead' in doubted ? { doubt: doubted } : {}) };
    }
    for (const { row, verdict } of dying.values())
      await end(tx, app, row.id, 'invalid', verdict.reason, this.#options.now());
    return { dead: [...dying.keys()] };
  }

  /** Until when they are doubted, with what is new about it where that begins now; undefined: they are believed. */
  async #doubt(tx: HubDb, app: string, dying: number): Promise<Doubt | Pick<Doubt, 'until'> | undefined> {
    const now = this.#options.now();
    const paused = await marked(tx, PAUSED + app);
    if (now < paused) return { until: paused };
    if (now < (await marked(tx, RESUMED + app))) return undefined;
    const died = await this.#diedLately(tx, app, now);
    if (died.length + dying < LEAST) return undefined;
    const all = (await this.#countActive(tx, app, now)) + died.length;
    if (died.length + dying <= SHARE * all) return undefined;
    const until = now + WINDOW_MS;
    await mark(tx, PAUSED + app, until);
    for (const { id, reason, status_at } of died) {
      await tx
        .updateTable('devices')
        .set({ status: 'active', reason: null })
        .where('app', '=', app)
        .where('id', '=', id)
        .execute();
      await suspect(tx, app, id, { reason: reason ?? '', at: status_at, until });
    }
    return { until, dead: died.length + dying, all };
  }

  #diedLately(tx: HubDb, app: string, now: number) {
    return tx
      .selectFrom('devices')
      .select(['id', 'reason', 'status_at'])
      .where('app', '=', app)
      .where('status', '=', 'invalid')
      .where('status_at', '>', now - WINDOW_MS)
      .execute();
  }

  async #countActive(tx: HubDb, app: string, now: number): Promise<number> {
    const known = this.#active.get(app);
    if (known && now - known.at < COUNT_MS && now >= known.at) return known.count;
    const { count } = await tx
      .selectFrom('devices')
      .select((select) => select.fn.countAll<number>().as('count'))
      .where('app', '=', app)
      .where('status', '=', 'active')
      .executeTakeFirstOrThrow();
    this.#active.set(app, { count: Number(count), at: now });
    return Number(count);
  }
}

/** Whether a verdict says something of the token that the device has now. */
function concerns(row: DeviceRow, { verdict, tokenRev, deadSince }: DeviceVerdict): boolean {
  if (verdict === 'taken') return row.suspect !== null && row.token_rev === tokenRev;
  if (row.status !== 'active') return false;
  if (verdict !== 'dead' || deadSince === undefined) return row.token_rev === tokenRev;
  return isSameToken(row.token_rev, tokenRev) && deadSince > row.token_at;
}

const end = (tx: HubDb, app: string, id: string, status: 'invalid' | 'key_mismatch', reason: string, at: number) =>
  tx
    .updateTable('devices')
    .set((set) => ({ status, reason, status_at: at, suspect: null, rev: set('rev', '+', 1) }))
    .where('app', '=', app)
    .where('id', '=', id)
    .execute();

const said = ({ reason, at }: DeviceVerdict): KeptSuspicion => ({ reason, at });

const suspect = (tx: HubDb, app: string, id: string, kept: KeptSuspicion) =>
  tx
    .updateTable('devices')
    .set((set) => ({ suspect: JSON.stringify(kept), rev: set('rev', '+', 1) }))
    .where('app', '=', app)
    .where('id', '=', id)
    .execute();

const clear = (tx: HubDb, app: string, id: string) =>
  tx.updateTable('devices').set({ suspect: null }).where('app', '=', app).where('id', '=', id).execute();

const marked = async (tx: HubDb, key: string): Promise<number> =>
  Number((await tx.selectFrom('meta').select('value').where('key', '=', key).executeTakeFirst())?.value ?? 0);

async function mark(tx: HubDb, key: string, until: number): Promise<void> {
  const value = String(until);
  await tx
    .insertInto('meta')
    .values({ key, value })
    .onConflict((conflict) => conflict.column('key').doUpdateSet({ value }))
    .execute();
}
