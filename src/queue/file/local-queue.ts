import { hasBit } from '../../kit/bits.ts';
import type { LaneId } from '../../push/lane-id.ts';
import { packTrace, unpackTrace } from '../../push/trace-context.ts';
import { LaneStore } from '../lane-store.ts';
import type {
  Batch,
  KeptRequest,
  Queue,
  QueueDepth,
  QueueEntry,
  QueueHealth,
  RequestBody,
  Restore,
  StoredRequest,
  UnreadableRequest,
  WithdrawingQueue,
} from '../queue.ts';
import { QueueRefusedError } from '../queue-refused-error.ts';
import { headroom, QueueRoom, type QueueRoomOptions } from '../queue-room.ts';
import { costOfEach, requestCost, storedCost } from '../request-cost.ts';
import type { Withdrawal } from '../withdrawal.ts';
import { ASIDE_FROM, HELD_FROM, type Suspect } from './deaths.ts';
import { erasedPlaces } from './erased-targets.ts';
import type { PushesFor } from './file-format.ts';
import { FileWriter } from './file-writer.ts';
import { Journal } from './journal.ts';
import { type JournalRecord, openPushes } from './journal-record.ts';
import type { ReportKeeper } from './kept-reports.ts';
import { PendingRequests } from './pending-requests.ts';
import type { FileContents } from './queue-files.ts';
import type { JournalBacklog, RecordStore, Removal } from './record-store.ts';
import { Recovery } from './recovery.ts';
import type { Reserve } from './reserve.ts';
import type { AsideReason } from './set-aside.ts';
import { Trials } from './trials.ts';

export interface LocalQueueOptions extends QueueRoomOptions {
  /** The file; this queue is its only writer. */
  readonly path: string;
  readonly sync: 'normal' | 'full';
  /** Default: whatever the file says. */
  readonly pushesFor?: PushesFor;
  readonly wake: (lane: LaneId) => void;
  /** Called from the first turn of the event loop on, for each record that the file held. */
  readonly restore: Restore;
  /** Told when the file cannot be written, and when it can again. */
  readonly onTrouble?: (error: Error | undefined) => void;
  readonly onClosed?: () => void;
  /** Monotonic, and UNIX milliseconds. */
  readonly now?: () => number;
  readonly wallClock?: () => number;
  /** Room on the disk for forgetting what is settled when there is none for anything else. */
  readonly reserve?: Reserve | undefined;
  /** Opens the file; default: SQLite. */
  readonly openFile?: (path: string, sync: 'normal' | 'full') => RecordStore;
}

/**
 * The queue on a file. `append` resolves when its turn's transaction is committed: requests that arrive together share one.
 * A settled request is forgotten, and progress inside a larger one written, within milliseconds.
 */
export class LocalQueue implements Queue, WithdrawingQueue {
  readonly #options: LocalQueueOptions;
  readonly #file: RecordStore;
  readonly #writer: FileWriter;
  readonly #store: LaneStore;
  readonly #pending = new PendingRequests();
  readonly #room: QueueRoom;
  readonly #recovery: Recovery;
  readonly #trials: Trials;
  #nextKey = 1;
  #closed = false;

  /** @throws when the file cannot be opened or is damaged; ConfigError when it holds pushes for others */
  constructor(options: LocalQueueOptions) {
    this.#options = options;
    const { reserve, onTrouble = () => {}, now = () => performance.now() } = options;
    const { openFile = (path, sync) => new Journal(path, sync, reserve?.checkpointPages, options.pushesFor) } = options;
    this.#file = openFile(options.path, options.sync);
    this.#store = new LaneStore(options);
    this.#room = new QueueRoom(options);
    this.#writer = new FileWriter({
      file: this.#file,
      pending: this.#pending,
      reserve,
      onTrouble,
      now,
      onWritten: ({ entries, record }) => {
        this.#pending.add(record);
        for (const entry of entries) this.#store.add(entry);
      },
      onRefused: ({ entries }) => this.#giveRoom(entries),
    });
    this.#recovery = new Recovery({
      after: (key) => this.#file.after(key),
      hasRoomFor: ({ body }) => this.#room.hasRoomFor(storedCost(body)),
      restore: (record) => this.#restore(record),
      onDone: () => this.#trials.open(),
      now,
    });
    this.#trials = new Trials({
      deaths: this.#file.deaths,
      begin: (held) => this.#tryHeld(held),
      write: () => this.#writer.writeNow(),
    });
    this.#file.release();
    const backlog = this.#file.backlog();
    this.#nextKey = backlog.lastKey + 1;
    this.#writer.reports.begin(this.#file.lastReport());
    this.#trials.add(this.#file.deaths.held());
    this.#recovery.add(1, backlog);
  }

  get closed(): boolean {
    return this.#closed;
  }

  get reports(): ReportKeeper {
    return this.#writer.reports;
  }

  /** The requests whose ids begin so, those included that are not back in memory yet. */
  kept(prefix: string): readonly KeptRequest[] {
    return this.#file.kept(prefix);
  }

  append(entries: readonly QueueEntry[], body: RequestBody): Promise<void> {
    if (this.#closed) throw new QueueRefusedError('the queue is closed');
    if (this.#recovery.isWaiting)
      throw new QueueRefusedError('the queue is full: requests of an earlier process wait in the file for memory');
    const text = typeof body === 'function' ? body() : body;
    const cost = costOfEach(requestCost(entries, text), entries);
    this.#room.take(entries, cost);
    const { request } = entries[0] as QueueEntry;
    const { id, app, acceptedAt } = request;
    const key = this.#nextKey++;
    let pushes = 0;
    for (const entry of entries) {
      entry.key = key;
      entry.cost = cost;
      pushes += entry.open;
    }
    const record = { key, id, app, acceptedAt, pushes, body: text, trace: packTrace(request) };
    try {
      return this.#writer.append({ entries, record });
    } catch (error) {
      this.#giveRoom(entries);
      throw error;
    }
  }

  take(lane: LaneId, limit: number): Batch | undefined {
    const batch = this.#store.take(lane, limit);
    if (batch && this.#trials.isActive) this.#trials.taken(batch.entry.key, batch.targets.length);
    return batch;
  }

  settle(batch: Batch, indexes: readonly number[]): void {
    if (this.#store.settle(batch, indexes.length)) {
      this.#room.give(batch.entry.app, batch.entry.cost);
      this.#recovery.roomWasMade();
      this.#trials.roomWasMade();
    }
    if (this.#trials.isActive) this.#trials.returned(batch.entry.key, indexes.length);
    const removal = this.#pending.settle(batch, indexes);
    if (removal) this.#forget(removal);
    else this.#writer.noteProgress();
  }

  defer(batch: Batch, at: number): void {
    if (this.#trials.isActive) this.#trials.returned(batch.entry.key, batch.targets.length);
    this.#store.defer(batch, at);
  }

  withdraw(withdrawal: Withdrawal): Batch[] {
    const batches = this.#store.withdraw(withdrawal);
    if (this.#trials.isActive) for (const { entry, targets } of batches) this.#trials.taken(entry.key, targets.length);
    return batches;
  }

  erase(withdrawal: Withdrawal, reports: readonly string[]): void {
    this.#writer.erase(withdrawal, reports);
  }

  /** Without a lane, those that are still in the file alone count as well: of a lane they are not known. */
  depth(lane?: LaneId): QueueDepth {
    const depth = this.#store.depth(lane);
    const { records, pushes } = this.#left;
    if (lane !== undefined || records === 0) return depth;
    return { ...depth, notifications: depth.notifications + records, waiting: depth.waiting + pushes };
  }

  oldestAge(): number {
    return this.#store.oldestAge();
  }

  health(): QueueHealth {
    const { trouble } = this.#writer;
    if (trouble !== undefined) return { status: 'fail', output: `queue.local.path: cannot write: ${trouble}` };
    return headroom(this.#room.held.notifications + this.#left.records, this.#options.limit);
  }

  /** Takes over the contents of another file. @throws when they cannot be written; then nothing was taken. */
  adopt({ records, reports, aside = [] }: FileContents): void {
    const adopted = records.map((record) => ({ ...record, key: this.#nextKey++ }));
    const kept = aside.map((row) => ({
      ...row,
      key: row.kind === 'request' ? this.#nextKey++ : this.#writer.reports.newKey(),
    }));
    const renumbered = this.#writer.reports.renumbered(reports);
    this.#file.adopt({ records: adopted, reports: renumbered, aside: kept });
    const [first] = adopted;
    if (first) this.#recovery.add(first.key, backlogOf(adopted));
    this.#trials.add(adopted.flatMap(heldOf));
    this.#writer.reports.adopted(renumbered);
  }

  /** Takes up what an operator has released (`martlet queue release`). @returns how many records and reports that were */
  takeReleased(): number {
    const rows = this.#file.release();
    for (const { kind, key, pushes } of rows)
      if (kind === 'request') this.#recovery.add(key, { lastKey: key, records: 1, pushes });
    this.#writer.reports.released(rows.flatMap(({ kind, key }) => (kind === 'report' ? [key] : [])));
    return rows.length;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#recovery.close();
    this.#trials.close();
    this.#store.close();
    this.#writer.close();
    this.#options.onClosed?.();
  }

  #giveRoom(entries: readonly QueueEntry[]): void {
    for (const { app, cost } of entries) this.#room.give(app, cost);
  }

  get #left(): { readonly records: number; readonly pushes: number } {
    const [others, held] = [this.#recovery.left, this.#trials.left];
    return { records: others.records + held.records, pushes: others.pushes + held.pushes };
  }

  #forget(removal: Removal): void {
    this.#writer.forget(removal);
    if (this.#trials.isActive) this.#trials.gone(removal.key);
  }

  /** False: there is no room for it yet. */
  #tryHeld({ key, deaths }: Suspect): boolean {
    const record = this.#file.record(key);
    if (!record) this.#trials.gone(key);
    else if (deaths >= ASIDE_FROM) this.#giveUp(record, deaths);
    else if (this.#room.hasRoomFor(storedCost(record.body))) this.#restore(record);
    else return false;
    return true;
  }

  /** Reading it may be what ends the process: after the first death over it it is not read any more. */
  #giveUp(record: JournalRecord, deaths: number): void {
    const mayRead = deaths === ASIDE_FROM && !record.isDamaged;
    this.#options.restore({ ...storedOf(record), givenUp: { deaths, mayRead } });
    this.#setAside(record, 'SetAside');
  }

  #setAside(record: JournalRecord, reason: AsideReason): void {
    const { wallClock = Date.now } = this.#options;
    const removal = this.#pending.restore(record, 0);
    if (removal) this.#forget({ ...removal, aside: { reason, at: wallClock() } });
  }

  #restore(record: JournalRecord): void {
    const { key, body } = record;
    const stored = record.isDamaged ? { ...storedOf(record), givenUp: DAMAGED } : storedOf(record);
    const entries = this.#options.restore(stored);
    if ('unreadable' in entries) {
      this.#setAside(record, 'Unreadable');
      return;
    }
    const isDone = new Map(entries.map((entry) => [entry, withoutErased(entry, stored)]));
    const open = entries.reduce((sum, entry) => sum + entry.open, 0);
    const removal = this.#pending.restore(record, open);
    if (removal) {
      this.#forget(removal);
      return;
    }
    const cost = costOfEach(storedCost(body), entries);
    for (const entry of entries) {
      entry.key = key;
      entry.cost = cost;
      if (entry.open === 0) continue;
      this.#room.add(entry.app, cost);
      this.#store.add(entry, isDone.get(entry));
    }
  }
}

const DAMAGED: UnreadableRequest = { unreadable: 'it is not what was written: the disk has changed it' };

function storedOf({ id, app, acceptedAt, body, done, trace }: JournalRecord): StoredRequest {
  const isDone = (notification: number, place: number): boolean => {
    const bits = done.get(notification);
    return bits !== undefined && hasBit(bits, place);
  };
  return { id, app, acceptedAt, ...unpackTrace(trace), body, isDone };
}

/** What is settled of an entry: what was taken out of it is, too, and is not open any more. */
function withoutErased(entry: QueueEntry, stored: StoredRequest): (place: number) => boolean {
  const isDone = (place: number): boolean => stored.isDone(entry.index, place);
  const erased = erasedPlaces(entry);
  if (!erased) return isDone;
  for (const place of erased) if (!isDone(place)) entry.open--;
  return (place) => erased.has(place) || isDone(place);
}

const heldOf = ({ key, deaths = 0, pushes }: JournalRecord): Suspect[] =>
  deaths >= HELD_FROM ? [{ key, deaths, pushes }] : [];

/** What is held back comes by itself. */
function backlogOf(records: readonly JournalRecord[]): JournalBacklog {
  const others = records.filter(({ deaths = 0 }) => deaths < HELD_FROM);
  return {
    lastKey: records.at(-1)?.key ?? 0,
    records: others.length,
    pushes: others.reduce((sum, record) => sum + openPushes(record), 0),
  };
}
