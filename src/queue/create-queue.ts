import { existsSync } from 'node:fs';
import { getCACertificates } from 'node:tls';
import type { Config } from '../config/schema.ts';
import { ConfigError, toError } from '../kit/errors.ts';
import { mayPass } from '../kit/files/file-trouble.ts';
import { refuseForeignFile } from '../kit/files/owned-file.ts';
import { isDamage, isDiskFull, setAside } from '../kit/files/sqlite-file.ts';
import type { LaneId } from '../push/lane-id.ts';
import { type PushesFor, QUEUE_FILE } from './file/file-format.ts';
import type { ReportKeeper } from './file/kept-reports.ts';
import { LocalQueue } from './file/local-queue.ts';
import { adoptOrphans, type OwnedFile, ownFile } from './file/queue-files.ts';
import { Reserve } from './file/reserve.ts';
import { heapPart } from './heap-part.ts';
import { createMemoryQueue } from './memory-queue.ts';
import type { KeptRequest, Queue, QueueHealth, Restore, WithdrawingQueue } from './queue.ts';

export interface CreateQueueOptions {
  readonly wake: (lane: LaneId) => void;
  readonly restore: Restore;
  /** How many apps there are, which share its room; default: one. */
  readonly apps?: () => number;
  /** Things that an operator should know; `error` ones need a person. */
  readonly tell: (level: 'info' | 'warn' | 'error', message: string) => void;
  readonly now?: () => number;
}

export interface LocalEngineOptions extends CreateQueueOptions {
  /** `""` is memory, on purpose. */
  readonly path: string;
  readonly sync: 'normal' | 'full';
  /** Default: whatever the file says. */
  readonly pushesFor?: PushesFor;
  readonly limit: number;
  /** `queue.require_durable`: memory is no way out. Default false. */
  readonly requireDurable?: boolean;
}

/** A queue that survives the process keeps reports of failed pushes, too. */
export type QueueWithReports = Queue &
  WithdrawingQueue & {
    readonly reports?: ReportKeeper;
    /** The requests that it keeps whose ids begin so; absent: what is behind a broker cannot be listed. */
    kept?(prefix: string): readonly KeptRequest[];
  };

export type CreateQueue = (options: CreateQueueOptions) => QueueWithReports;

/** What of the configuration concerns the queue. */
type QueueConfig = Pick<Config, 'core' | 'queue' | 'sandbox'>;

/** One row for each engine; a broker's client is loaded only where it is used. */
const engines: Record<
  Config['queue']['engine'],
  (config: QueueConfig, ca: readonly string[]) => CreateQueue | Promise<CreateQueue>
> = {
  local: localEngine,
  redis: async ({ core, queue }, ca) => {
    const { createRedisQueue } = await import('./redis/redis-queue.ts');
    return (options) =>
      createRedisQueue({ ...options, limit: core.queue_num, maxCost: heapPart(), settings: queue.redis, ca });
  },
  nats: async ({ core, queue }, ca) => {
    const { createNatsQueue } = await import('./nats/nats-queue.ts');
    return (options) =>
      createNatsQueue({ ...options, limit: core.queue_num, maxCost: heapPart(), settings: queue.nats, ca });
  },
  nsq: async ({ core, queue }) => {
    const { createNsqQueue } = await import('./nsq/nsq-queue.ts');
    return (options) => createNsqQueue({ ...options, limit: core.queue_num, maxCost: heapPart(), settings: queue.nsq });
  },
};

export function localEngine({ core, queue, sandbox }: QueueConfig): CreateQueue {
  const pushesFor = sandbox.enabled ? 'sandbox' : 'providers';
  return (options) => {
    const { require_durable: requireDurable, local } = queue;
    return createLocalQueue({ ...options, ...local, limit: core.queue_num, pushesFor, requireDurable });
  };
}

/** What makes the queue of `queue.engine`. @param ca certificates that are trusted in addition to the usual ones, PEM. */
export async function queueEngine(config: QueueConfig, ca: readonly string[] = []): Promise<CreateQueue> {
  const trusted = ca.length > 0 ? [...getCACertificates('default'), ...ca] : [];
  return engines[config.queue.engine](config, trusted);
}

/** How often files of processes that died are looked for. */
const ADOPT_MS = 15_000;

/**
 * The queue of the `local` engine: on its file; on a fresh one, with the old set aside, when that is damaged; in memory when
 * the folder cannot be written.
 * @throws ConfigError when the path names a file of something else, or nothing durable can be had that must be; Error when the file cannot be opened though it is not damaged
 */
export function createLocalQueue(options: LocalEngineOptions): QueueWithReports {
  const inMemory = (): QueueWithReports => createMemoryQueue({ ...options, maxCost: heapPart() });
  if (options.path === '') return inMemory();
  refuseForeignFile(options.path, 'queue.local.path', QUEUE_FILE);
  let owned: OwnedFile;
  try {
    owned = ownFile(options.path);
  } catch (error) {
    if (isDiskFull(error) && existsSync(options.path)) throw cannotOpen(options.path, error);
    // With the memory in its place, what lies in the file would wait for another start.
    if (mayPass(`${options.path}.lock`, error)) throw cannotOpen(options.path, error);
    const why = `queue.local.path: cannot write ${options.path}: ${toError(error).message}`;
    if (options.requireDurable)
      throw new ConfigError('', `${why}; queue.require_durable forbids a queue in memory`, { cause: error });
    options.tell('warn', `${why}; accepted pushes are kept in memory only and die with this process`);
    return withHealth(inMemory(), { status: 'warn', output: `${why}; the queue is in memory only` });
  }
  const queue = openOwned(owned, options);
  // Not before the first turn: restoring needs the relay, which is built after its queue.
  setImmediate(() => adoptAll(queue, owned, options));
  return queue;
}

const cannotOpen = (path: string, error: unknown): Error =>
  new Error(`queue.local.path: cannot open ${path}: ${toError(error).message}`, { cause: error });

/** @throws when the file cannot be opened though it is not damaged. */
function openOwned(owned: OwnedFile, options: LocalEngineOptions): LocalQueue {
  const timer = setInterval(() => adoptAll(queue, owned, options), ADOPT_MS);
  timer.unref();
  const release = (): void => {
    clearInterval(timer);
    owned.lock.release();
  };
  let queue: LocalQueue;
  try {
    queue = open(owned.path, options, release);
  } catch (error) {
    release();
    throw error instanceof ConfigError ? error : cannotOpen(owned.path, error);
  }
  return queue;
}

function open(path: string, options: LocalEngineOptions, onClosed: () => void): LocalQueue {
  const onTrouble = (error: Error | undefined): void =>
    error
      ? options.tell('error', `the queue file ${path} cannot be written, pushes are refused: ${error.message}`)
      : options.tell('info', `the queue file ${path} can be written again`);
  const reserve = new Reserve(path);
  const openFile = (): LocalQueue =>
    new LocalQueue({ ...options, path, onTrouble, onClosed, reserve, maxCost: heapPart() });
  try {
    return openFile();
  } catch (error) {
    if (isDiskFull(error)) {
      reserve.release();
      return openFile();
    }
    // What is not broken stays where it is: it holds accepted pushes, and whatever is wrong may pass.
    if (!isDamage(error)) throw error;
    const aside = setAside(path, new Date());
    const why = toError(error).message;
    options.tell(
      'error',
      `the queue file ${path} cannot be read (${why}); it was moved to ${aside}, and a new one begun`,
    );
    return openFile();
  }
}

function adoptAll(queue: LocalQueue, owned: OwnedFile, options: LocalEngineOptions): void {
  if (queue.closed) return;
  try {
    const released = queue.takeReleased();
    if (released > 0) options.tell('info', `${released} requests and reports that were set aside are released`);
    adoptOrphans(
      options.path,
      owned,
      {
        take(contents, from) {
          queue.adopt(contents);
          options.tell('warn', `took over ${contents.records.length} requests from ${from}, whose process has ended`);
        },
        damaged: (from, aside, why) =>
          options.tell('error', `the queue file ${from} cannot be read (${why}); it was moved to ${aside}`),
        left({ text }) {
          if (owned.left.has(text)) return;
          owned.left.add(text);
          options.tell('warn', `${text}; it stays`);
        },
      },
      options.pushesFor,
    );
  } catch (error) {
    options.tell('error', `a queue file beside ${owned.path} cannot be taken over: ${toError(error).message}`);
  }
}

const WORSE = { pass: 0, warn: 1, fail: 2 } as const;

const withHealth = (queue: QueueWithReports, least: QueueHealth): QueueWithReports => ({
  ...queue,
  health() {
    const own = queue.health();
    return WORSE[own.status] > WORSE[least.status] ? own : least;
  },
});
