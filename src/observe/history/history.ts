import { renameSync, rmSync } from 'node:fs';
import { toError } from '../../kit/errors.ts';
import { refuseForeignFile } from '../../kit/files/owned-file.ts';
import { makePrivateFile } from '../../kit/files/private-file.ts';
import { isDamage } from '../../kit/files/sqlite-file.ts';
import { fairlyLast } from '../../kit/shares/fair-share.ts';
import { Throttle } from '../../kit/throttle.ts';
import type { RelayEvents } from '../../push/push.ts';
import type { Fact, FactKind, StoredFact } from './fact.ts';
import { historyName } from './fact-row.ts';
import type { GatheredFact } from './gathered-fact.ts';
import { HISTORY_FILE, HistoryFile } from './history-file.ts';
import { Recorder, type RecorderOptions } from './recorder.ts';
import { targetKey } from './target-key.ts';
import { type Advise, eventOf, type PushTimeline, type TimelineEvent, timelineOf } from './timeline.ts';
import { hashTarget, maskTarget } from './token-mask.ts';

export interface HistoryOptions extends Omit<RecorderOptions, 'now' | 'random'> {
  /** The file, which several processes may share; empty: memory. */
  readonly path: string;
  /** Of it the key of the targets' hashes is made; absent: a file beside the history has one. */
  readonly masterKey?: Uint8Array | undefined;
  /** How long facts are kept. */
  readonly retentionMs: number;
  /** Of the file; in memory a quarter of it. */
  readonly maxBytes: number;
  readonly advise: Advise;
  readonly tell: (level: 'info' | 'warn', message: string) => void;
  /** Milliseconds; default 1,000. */
  readonly everyMs?: number;
  /** UNIX milliseconds. */
  readonly now?: () => number;
  readonly random?: () => number;
}

export interface WhoAsks {
  /** Whose pushes may be seen; undefined: all. */
  readonly apps?: ReadonlySet<string> | undefined;
}

export interface ExplainQuery extends WhoAsks {
  /** Only what is about this device token. */
  readonly token?: string | undefined;
}

export interface Explanation {
  readonly id: string;
  readonly pushes: readonly PushTimeline[];
  /** There is more than is shown. */
  readonly truncated?: true;
}

export interface ListQuery extends WhoAsks {
  readonly kinds: readonly FactKind[];
  readonly app?: string | undefined;
  readonly reason?: string | undefined;
  /** The platform of the notification: `ios`. */
  readonly platform?: string | undefined;
  /** What the request id or the `notif_id` holds. */
  readonly id?: string | undefined;
  /** UNIX milliseconds. */
  readonly since?: number | undefined;
  /** Where the last page said to go on. */
  readonly before?: number | undefined;
  /** What came after an earlier answer's `newer`, oldest first. */
  readonly after?: number | undefined;
  readonly limit: number;
}

export type ListedPush = TimelineEvent & { readonly request_id: string; readonly app: string };

export interface ListPage {
  readonly pushes: readonly ListedPush[];
  readonly next: number | undefined;
  /** What `after` takes, to go on from here. */
  readonly newer: number;
}

/** Rows that do not wait for the second to be over. */
const ENOUGH = 250;
/** Rows that are written in one turn of the event loop, and the pause after them: a second's rows at once would hold up all pushes. */
const PIECE = 25;
const PAUSE_MS = 20;
/** However much waits, it is written in so many pieces. */
const MOST_PIECES = 20;
/** Rows that wait for a file that cannot be written; of more, those of the apps that have most are lost first. */
const MOST_WAITING = 5000;
/** Rows that are read for one answer. */
const MOST_FACTS = 2000;
/** Memory is dearer than a disk. */
const MEMORY_SHARE = 4;
/** Of the oldest rows, those that are looked at with each that is written: what is to be forgotten may have come in faster. */
const TRIMMED = 2;
/** Once in so many seconds more of them are: what was written while the clock was ahead hides none behind it. */
const WIDE_EVERY = 60;
const WIDE = 4000;

/**
 * What happened to pushes, gathered in memory and written in small pieces, begun once a second or when much has happened. Nothing waits
 * for it and nothing fails with it: what cannot be written is logged and, after a while, lost.
 */
export class History {
  readonly events: RelayEvents;
  readonly #options: HistoryOptions;
  readonly #recorder: Recorder;
  readonly #now: () => number;
  readonly #timer: NodeJS.Timeout;
  readonly #throttle = new Throttle();
  #file: HistoryFile;
  #key: string;
  #waiting: GatheredFact[] = [];
  /** The next piece. */
  #planned: NodeJS.Timeout | undefined;
  #ticks = 0;

  /** @throws ConfigError when the path names a file of something else */
  constructor(options: HistoryOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#recorder = new Recorder(options);
    if (options.path !== '') refuseForeignFile(options.path, 'history.path', HISTORY_FILE);
    ({ file: this.#file, key: this.#key } = openFile(options));
    this.#timer = setInterval(() => this.#tick(), options.everyMs ?? 1000).unref();
    this.events = this.#watched(this.#recorder.events);
  }

  /** Everything that is known of a request id or a `notif_id`, newest request first; undefined: nothing is. */
  explain(id: string, { apps, token }: ExplainQuery): Explanation | undefined {
    this.#writeAll();
    const hash = token === undefined ? undefined : hashTarget(token, this.#key);
    const found = this.#file.of(historyName(id) ?? id, MOST_FACTS + 1, apps);
    const facts = found.slice(0, MOST_FACTS).filter((fact) => isAbout(fact, hash));
    if (facts.length === 0) return undefined;
    const requests = Map.groupBy(facts, ({ requestId }) => requestId);
    const pushes = [...requests].reverse().map(([request, own]) => {
      const seesAll = !apps || own.every(({ details }) => !details.mixed);
      const whole = request === id && hash === undefined && seesAll;
      return timelineOf(own, this.#options.advise, whole);
    });
    return { id, pushes, ...(found.length > MOST_FACTS ? { truncated: true } : {}) };
  }

  /** Outcomes, newest first; those after a place oldest first. */
  list(query: ListQuery): ListPage {
    this.#writeAll();
    const { facts, next, newer } = this.#file.list(query);
    const pushes = facts.map((fact) => ({
      request_id: fact.requestId,
      app: fact.app,
      ...eventOf(fact, this.#options.advise),
    }));
    return { pushes, next, newer };
  }

  /** Nothing is known any more of what became of these targets of an app. */
  forget(app: string, targets: Iterable<string>): void {
    this.#writeAll();
    const hashes = new Set([...targets].map((target) => hashTarget(target, this.#key)));
    this.#guarded(() => this.#file.forget(app, hashes));
  }

  close(): void {
    clearInterval(this.#timer);
    clearTimeout(this.#planned);
    this.#writeAll();
    this.#file.close();
  }

  #watched({ accepted, settled, retried, late, reported }: Recorder['events']): RelayEvents {
    const look = (): void => {
      if (this.#recorder.waiting >= ENOUGH) this.#plan();
    };
    return {
      accepted,
      settled(settlement) {
        settled(settlement);
        look();
      },
      retried(retry) {
        retried(retry);
        look();
      },
      late(outcome) {
        late(outcome);
        look();
      },
      reported(call) {
        reported(call);
        look();
      },
    };
  }

  #tick(): void {
    this.#recorder.renew();
    this.#gather();
    this.#work(++this.#ticks % WIDE_EVERY === 0 ? WIDE : undefined);
  }

  #plan(): void {
    this.#planned ??= setTimeout(() => this.#work(), PAUSE_MS).unref();
  }

  /** Writes a piece, forgets what is old or too much, and goes on after a pause while there is more of either. */
  #work(looked?: number): void {
    clearTimeout(this.#planned);
    this.#planned = undefined;
    if (this.#recorder.waiting >= ENOUGH) this.#gather();
    const rows = Math.max(PIECE, Math.ceil(this.#waiting.length / MOST_PIECES));
    const written = this.#write(rows);
    const isMore = this.#trim(looked ?? TRIMMED * rows);
    if (written && (isMore || this.#waiting.length > 0)) this.#plan();
  }

  #gather(): void {
    for (const gathered of this.#recorder.take()) this.#waiting.push(gathered);
  }

  /** Before the file is read, or closed. */
  #writeAll(): void {
    this.#gather();
    this.#write(this.#waiting.length);
  }

  /** The oldest of what waits. False: it cannot be written now. */
  #write(rows: number): boolean {
    if (this.#waiting.length === 0) return true;
    const piece = this.#waiting.slice(0, rows).map((gathered) => this.#masked(gathered));
    const written = this.#guarded(() => this.#file.append(piece));
    this.#waiting = written
      ? this.#waiting.slice(rows)
      : fairlyLast(this.#waiting, MOST_WAITING, ({ fact }) => fact.app);
    return written;
  }

  /** True: there may be more to forget. */
  #trim(rows: number): boolean {
    const { retentionMs, maxBytes } = this.#options;
    let isMore = false;
    this.#guarded(() => {
      const most = this.#file.inMemory ? maxBytes / MEMORY_SHARE : maxBytes;
      isMore = this.#file.trim(this.#now() - retentionMs, most, rows);
    });
    return isMore;
  }

  #masked({ fact, targets, ids }: GatheredFact): Fact {
    if (targets.length === 0) return fact;
    const { kind = 'token' } = fact.details;
    const kept = targets.map((target, index) => {
      const id = ids[index];
      const mask = maskTarget(target, kind);
      const hash = hashTarget(target, this.#key);
      return id === undefined ? ([mask, hash] as const) : ([mask, hash, id] as const);
    });
    return { ...fact, details: { ...fact.details, targets: kept } };
  }

  /** True when it succeeded. A damaged file is set aside, and a new one begun. */
  #guarded(work: () => void): boolean {
    try {
      work();
      return true;
    } catch (thrown) {
      const error = toError(thrown);
      this.#throttle.add('failed', 1, () =>
        this.#options.tell('warn', `history.path: cannot be written: ${error.message}`),
      );
      if (isDamage(error)) this.#replace();
      return false;
    }
  }

  #replace(): void {
    this.#file.close();
    ({ file: this.#file, key: this.#key } = openFile(this.#options, setAside));
  }
}

/** A row that names no targets, or not all of them, may be about any. */
function isAbout({ details: { targets = [], count = 0 } }: StoredFact, hash: string | undefined): boolean {
  return hash === undefined || count > targets.length || count === 0 || targets.some(([, other]) => other === hash);
}

/** Keeps the last damaged file only. */
function setAside(path: string): void {
  if (path === '') return;
  for (const part of ['-wal', '-shm']) rmSync(path + part, { force: true });
  renameSync(path, `${path}.damaged`);
}

interface OpenFile {
  readonly file: HistoryFile;
  /** Of the targets' hashes. */
  readonly key: string;
}

/** What cannot be a file is kept in memory, with a warning. @param before what has to be done with the file first */
function openFile({ path, masterKey, tell }: HistoryOptions, before = (_: string): void => {}): OpenFile {
  try {
    before(path);
    if (path !== '') makePrivateFile(path);
    const key = targetKey(path, masterKey);
    return { key, file: openSound(path, tell) };
  } catch (error) {
    tell('warn', `history.path: ${toError(error).message}; the history is kept in memory`);
    return { key: targetKey(''), file: new HistoryFile('') };
  }
}

function openSound(path: string, tell: HistoryOptions['tell']): HistoryFile {
  try {
    return new HistoryFile(path);
  } catch (error) {
    if (!isDamage(error)) throw error;
    tell('warn', `history.path: ${path} is damaged: it is now ${path}.damaged, and a new one is begun`);
    setAside(path);
    return new HistoryFile(path);
  }
}
