import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Readiness } from '../../health/ready.ts';
import { background } from '../../kit/background.ts';
import type { Family } from '../../observe/metrics/family.ts';
import type { ProviderTable } from '../../providers/registry.ts';
import { type FailureGroup, groupsOfCounts, withExamples } from './failure-groups.ts';
import { type Frame, frameOf } from './frame.ts';
import { LastHour } from './last-hour.ts';
import { type Reading, readingOf } from './reading.ts';

export interface ConsoleFeedOptions {
  /** The series of /metrics, of all workers. */
  readonly families: () => Promise<readonly Family[]>;
  /** /readyz: what is not well, and why; default: it is not shown. */
  readonly ready?: () => Readiness;
  /**
   * Milliseconds between two readings for the charts of the last hour, also while there are no watchers; default: none then. Where
   * reading takes long, less often.
   */
  readonly keepMs?: number;
  /** What failed lately, of the history; undefined: there is none, and what is counted is shown. */
  readonly failures: (() => readonly FailureGroup[]) | undefined;
  /** For advice. Default: those of this version. */
  readonly providers?: ProviderTable;
  /** The first event of a watcher. */
  readonly hello: object;
  /** Milliseconds between two frames; default 1,000. */
  readonly everyMs?: number;
  /** Watchers at a time, of all keys and of one; default 20 and 10. */
  readonly maxWatchers?: number;
  readonly maxOfKey?: number;
  /** Milliseconds after which a watcher has to come again, and show its key again; default 15 minutes. */
  readonly maxWatchMs?: number;
  /** UNIX milliseconds. */
  readonly now?: () => number;
}

/** What the caller may do, as far as the page shows it. */
export interface Rights {
  readonly push: boolean;
  readonly admin: boolean;
  readonly users: boolean;
}

/** Who watches. */
export interface Viewer {
  /** Whose key it is; '': there are no keys, and one may have all places. */
  readonly who: string;
  /** What that key is good for. */
  readonly may: Rights;
  /** Names of the apps that the page lets choose from. */
  readonly apps: readonly string[];
  /** False: the key is for some apps, and figures are of all. */
  readonly figures: boolean;
}

/** Where there are no keys. */
const OWNER: Viewer = { who: '', may: { push: true, admin: true, users: true }, apps: [], figures: true };

interface Watcher {
  readonly who: string;
  readonly figures: boolean;
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly until: number;
  /** Since when what was written waits for its reader; undefined: it does not. */
  blockedAt: number | undefined;
  /** Has not seen what does not come with each frame. */
  isNew: boolean;
}

/** The lines of the charts: two minutes. */
const PAST_FRAMES = 120;
/** Latencies are those of the last 30 seconds. */
const WINDOW_MS = 30_000;
/** Rows of the history may be written a moment after they are counted. */
const FAILURES_LATE_MS = 3000;
/** Of many apps there is much to read: less often then, after a pause of so many times what it took. */
const PAUSE_FACTOR = 10;
const LONGEST_BLOCK_MS = 30_000;
/** For the hour: no more than a thousandth of the time. */
const KEEP_FACTOR = 1000;
/** A minute later failures may have left the hour. */
const FAILURES_AGAIN_MS = 60_000;
const MOST_CAUSES = 20;

/** One event of the stream (https://html.spec.whatwg.org/multipage/server-sent-events.html): JSON has no line breaks. */
const eventText = (name: string, value: unknown): string => `event: ${name}\ndata: ${JSON.stringify(value)}\n\n`;

/** Instead of figures: silence would be taken for a connection that is lost. */
const ALIVE = eventText('alive', {});

/** Of frames that are past, what the charts show. */
const pointOf = ({ at, rates, latency, queue }: Frame): object => ({ at, rates, latency, depth: queue.depth });

/**
 * Sends watchers the state of the relay once a second. Without watchers nothing is read or computed: the first one starts the
 * clock, and with the last one it stops.
 */
export class ConsoleFeed {
  readonly #options: ConsoleFeedOptions;
  readonly #now: () => number;
  readonly #watchers = new Set<Watcher>();
  #timer: NodeJS.Timeout | undefined;
  #readings: Reading[] = [];
  #frames: Frame[] = [];
  #failures: readonly FailureGroup[] = [];
  #failuresAt = 0;
  readonly #hour = new LastHour();
  #keeping: NodeJS.Timeout | undefined;
  #kept: Reading | undefined;
  #closed = false;

  constructor(options: ConsoleFeedOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    if (options.keepMs !== undefined) this.#planKeeping(options.keepMs);
  }

  get watchers(): number {
    return this.#watchers.size;
  }

  /**
   * Answers with a stream of events.
   * @returns false, and does nothing, when there are too many or the end has come
   */
  watch(req: IncomingMessage, res: ServerResponse, { who, figures, ...seen }: Viewer = OWNER): boolean {
    const { maxWatchers = 20, maxOfKey = 10, maxWatchMs = 15 * 60_000, hello } = this.#options;
    if (this.#closed || this.#watchers.size >= maxWatchers) return false;
    if (who !== '' && this.#of(who) >= maxOfKey) return false;
    res.writeHead(200, {
      'Content-Type': 'text/event-stream; charset=utf-8',
      'Cache-Control': 'no-store',
      // nginx would gather it.
      'X-Accel-Buffering': 'no',
    });
    const watcher: Watcher = {
      who,
      figures,
      req,
      res,
      until: this.#now() + maxWatchMs,
      blockedAt: undefined,
      isNew: true,
    };
    this.#watchers.add(watcher);
    res.on('drain', () => {
      watcher.blockedAt = undefined;
    });
    res.on('close', () => this.#leave(watcher));
    res.on('error', () => this.#leave(watcher));
    this.#send(watcher, eventText('hello', { ...hello, ...seen, figures }));
    if (this.#watchers.size === 1) this.#plan(0);
    return true;
  }

  /** Ends all streams at once, so that the end of the process does not wait for them. */
  close(): void {
    this.#closed = true;
    for (const { res } of this.#watchers) res.end(eventText('bye', {}));
    this.#watchers.clear();
    clearTimeout(this.#keeping);
    this.#rest();
  }

  #of(key: string): number {
    let count = 0;
    for (const { who } of this.#watchers) if (who === key) count++;
    return count;
  }

  #leave(watcher: Watcher): void {
    this.#watchers.delete(watcher);
    if (this.#watchers.size === 0) this.#rest();
  }

  #rest(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#readings = [];
    this.#frames = [];
    this.#failures = [];
  }

  #planKeeping(ms: number): void {
    clearTimeout(this.#keeping);
    this.#keeping = setTimeout(() => background(this.#keep()), ms).unref();
  }

  /** While there are watchers, their readings serve the hour as well. */
  async #keep(): Promise<void> {
    const { keepMs = 0, families } = this.#options;
    const begun = performance.now();
    if (this.#watchers.size === 0) {
      const reading = await families().then(
        (read) => readingOf(read, this.#now()),
        () => undefined,
      );
      if (reading) this.#keepReading(reading);
    }
    if (!this.#closed) this.#planKeeping(Math.max(keepMs, (performance.now() - begun) * KEEP_FACTOR));
  }

  #keepReading(reading: Reading): void {
    this.#hour.add(frameOf(reading, this.#kept, this.#kept), reading);
    this.#kept = reading;
  }

  #plan(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => background(this.#tick()), ms).unref();
  }

  async #tick(): Promise<void> {
    const timer = this.#timer;
    const { everyMs = 1000, families } = this.#options;
    const begun = performance.now();
    let text: string;
    try {
      const reading = readingOf(await families(), this.#now());
      // The last watcher left meanwhile, and perhaps another came.
      if (timer !== this.#timer) return;
      text = this.#frameText(reading);
    } catch {
      if (timer !== this.#timer) return;
      text = eventText('trouble', { message: 'The figures cannot be read at the moment.' });
    }
    this.#sendAll(text);
    const took = performance.now() - begun;
    if (this.#watchers.size > 0) this.#plan(Math.max(everyMs - took, took * PAUSE_FACTOR));
  }

  #frameText(reading: Reading): string {
    const fails = ({ failed, retried }: Reading): number => failed + retried;
    const since = this.#readings.find(({ at }) => at >= reading.at - FAILURES_LATE_MS) ?? this.#readings.at(-1);
    const frame = frameOf(reading, this.#readings.at(-1), this.#readings[0]);
    const { keepMs } = this.#options;
    const isOld = keepMs !== undefined && reading.at - this.#failuresAt >= FAILURES_AGAIN_MS;
    const changed = since === undefined || isOld || fails(since) !== fails(reading);
    const isKept = keepMs !== undefined && reading.at - (this.#hour.lastAt ?? 0) >= keepMs;
    if (isKept) this.#keepReading(reading);
    this.#readings = [...this.#readings.filter(({ at }) => at >= reading.at - WINDOW_MS), reading];
    this.#frames = [...this.#frames.slice(1 - PAST_FRAMES), frame];
    const point = isKept ? eventText('hour', this.#hour.points.slice(-1)) : '';
    const text = eventText('frame', { ...frame, ...this.#state() }) + point;
    if (!changed) return text;
    this.#failuresAt = reading.at;
    const counted = groupsOfCounts(this.#hour.countedIn(reading), this.#options.providers);
    const examples = this.#options.failures?.();
    this.#failures = examples ? withExamples(counted, examples) : counted;
    return text + eventText('failures', this.#failures);
  }

  /** What /readyz says, as far as it is not well. */
  #state(): object {
    const body = this.#options.ready?.().body;
    if (!body) return {};
    const causes = body.checks.filter(({ status }) => status !== 'pass');
    const order = { fail: 0, warn: 1, pass: 2 } as const;
    causes.sort((a, b) => order[a.status] - order[b.status]);
    return { status: body.status, causes: causes.slice(0, MOST_CAUSES) };
  }

  #sendAll(text: string): void {
    const now = this.#now();
    for (const watcher of this.#watchers) {
      if (now > watcher.until) watcher.res.end(eventText('again', {}));
      else if (watcher.blockedAt === undefined) {
        const figures = watcher.isNew ? this.#past() + text : text;
        this.#send(watcher, watcher.figures ? figures : ALIVE);
        watcher.isNew = false;
      } else if (now - watcher.blockedAt > LONGEST_BLOCK_MS) watcher.req.destroy();
    }
  }

  /** For a watcher that connects later: the charts so far. */
  #past(): string {
    const past = this.#frames.slice(0, -1);
    const hour = this.#hour.points;
    return (
      (hour.length === 0 ? '' : eventText('hour', hour)) +
      (past.length === 0 ? '' : eventText('past', past.map(pointOf)) + eventText('failures', this.#failures))
    );
  }

  #send(watcher: Watcher, text: string): void {
    if (!watcher.res.write(text)) watcher.blockedAt ??= this.#now();
  }
}
