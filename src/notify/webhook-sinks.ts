import { eventSinks, sinkCounts, sinkTargets } from '../feedback/event-sinks.ts';
import { parseHeaders } from '../feedback/headers.ts';
import type { FeedbackHook, FeedbackHookOptions } from '../feedback/hook.ts';
import { hookMistake } from '../feedback/hook-target.ts';
import { sinkOf } from '../feedback/sink-queue.ts';
import { MartletError, toError } from '../kit/errors.ts';
import { late } from '../kit/late.ts';
import type { QueueWithReports } from '../queue/create-queue.ts';
import type { WakeUp } from '../streams/router/stream-router.ts';

/** Where events go. */
export interface WebhookSink {
  /** http:// or https://, without a user. */
  readonly url: string;
  /** `whsec_…`, the newest first: each call is signed with all of them. With `format: 'mailbox'` any text, of which the first signs. */
  readonly secrets?: readonly string[];
  readonly headers?: Readonly<Record<string, string>>;
  /** Types of the events that it gets; absent or empty: all. */
  readonly types?: readonly string[];
  /** How calls are signed: as Standard Webhooks are (default), or by `X-Mailbox-Timestamp` and `X-Mailbox-Signature`. */
  readonly format?: 'standard' | 'mailbox';
  /** For one call; default 10,000. */
  readonly timeoutMs?: number;
  /** The URL may lead to a private, loopback or link-local address; default false. */
  readonly allowPrivate?: boolean;
}

export interface WebhookSinksOptions {
  /** The file in which events wait, of which each process has one of its own (`sinks-1.db`, …); absent: memory, and what waits ends with the process. */
  readonly path?: string;
  /** How long an event that is not taken is tried again; default an hour. */
  readonly maxAgeMs?: number;
  /** The longest first pause before a call is repeated, and the longest at all; default 1,000 and 60,000. */
  readonly firstMs?: number;
  readonly maxMs?: number;
  /** Events of one sink that may wait in memory; default 10,000. With a file five times as many wait there. */
  readonly maxWaiting?: number;
  /** What an operator should know; default: nothing is said. */
  readonly log?: ((level: 'info' | 'warn' | 'error', message: string) => void) | undefined;
}

export interface SinkStats {
  /** Events that are not taken yet. */
  readonly waiting: number;
  readonly sent: number;
  /** Calls that failed; each is tried again. */
  readonly failed: number;
  /** Events that it will never hear of. */
  readonly dropped: number;
}

/** Settings of sinks that cannot be. */
export class SinkError extends MartletError {
  readonly code = 'ERR_SINK';
}

const TIMEOUT_MS = 10_000;
const MAX_WAITING = 10_000;
/** A queue other than an app's own first one has a tenth of all room. */
const PARTS = 10;
const SHELF = 5;

/** The queues of all sinks of a notifier. */
export class WebhookSinks {
  readonly #names: readonly string[];
  readonly #hook: FeedbackHook;
  readonly #queue: QueueWithReports | undefined;
  /** For the notifier: hears once of each event that is kept. */
  readonly saved: (saved: readonly WakeUp[]) => void;

  constructor(sinks: Readonly<Record<string, WebhookSink>>, hook: FeedbackHook, queue: QueueWithReports | undefined) {
    this.#names = Object.keys(sinks);
    this.#hook = hook;
    this.#queue = queue;
    const types = Object.entries(sinks).map(([name, { types = [] }]) => [name, { types }] as const);
    this.saved = eventSinks(Object.fromEntries(types), hook, (user) => ({ user }));
  }

  /** By name, since the process began. */
  stats(): Readonly<Record<string, SinkStats>> {
    const counts = sinkCounts(this.#names, this.#hook);
    return Object.fromEntries(counts.map(({ sink, backlog: waiting, ...rest }) => [sink, { waiting, ...rest }]));
  }

  /** Waits until every event is taken, at most so many milliseconds; less when the sinks turn out to be dead. From then on `close` is to come. */
  drain(ms: number): Promise<void> {
    return this.#hook.drain(ms);
  }

  /** After the notifier. What is left waits in the file for the next process, or is given up. */
  async close(): Promise<void> {
    await this.#hook.close();
    await this.#queue?.close();
  }
}

const load = late('sinks', async () => {
  const [hook, queue] = await Promise.all([import('../feedback/hook.ts'), import('../queue/create-queue.ts')]);
  return { ...hook, ...queue };
});

/**
 * Signed webhooks that get what is pushed, each from a queue of its own: `createNotifier({ sinks: await webhookSinks({ crm: { url } }) })`.
 * @throws SinkError (rejects) for settings that cannot be, and for a file that cannot be opened
 */
export async function webhookSinks(
  sinks: Readonly<Record<string, WebhookSink>>,
  options: WebhookSinksOptions = {},
): Promise<WebhookSinks> {
  const targets = targetsOf(sinks);
  const { createFeedbackHook, createLocalQueue } = await load();
  const { path, maxAgeMs, firstMs, maxMs, maxWaiting = MAX_WAITING, log = () => {} } = options;
  const tell = (level: 'info' | 'warn' | 'error', message: string): void => log(level, `notify: ${message}`);
  const openQueue = (of: string): QueueWithReports => {
    const ours = { wake() {}, restore: () => [], limit: 1, requireDurable: true, tell };
    try {
      return createLocalQueue({ ...ours, path: of, sync: 'normal' });
    } catch (error) {
      throw new SinkError(`notify: ${toError(error).message}`, { cause: error });
    }
  };
  const queue = path ? openQueue(path) : undefined;
  const words =
    (level: 'warn' | 'error'): FeedbackHookOptions['log']['warn'] =>
    (message, fields) =>
      tell(level, `${message}: ${JSON.stringify(fields)}`);
  const hook = createFeedbackHook({
    hookOf: (name) => targets.get(name),
    log: { warn: words('warn'), error: words('error') },
    keeper: queue?.reports,
    maxEntries: maxWaiting * PARTS,
    maxShelved: maxWaiting * PARTS * SHELF,
    ...(maxAgeMs === undefined ? {} : { maxAgeMs }),
    ...(firstMs === undefined ? {} : { firstMs }),
    ...(maxMs === undefined ? {} : { maxMs }),
  });
  return new WebhookSinks(sinks, hook, queue);
}

/** @throws SinkError */
function targetsOf(sinks: Readonly<Record<string, WebhookSink>>): ReturnType<typeof sinkTargets> {
  const settings = Object.entries(sinks).map(([name, sink]) => {
    const { url, secrets: secret = [], headers: pairs = {}, types = [], format = 'standard' } = sink;
    const headers = Object.entries(pairs).map(([key, value]) => `${key}: ${value}`);
    const { unusable } = parseHeaders(headers);
    if (unusable.length > 0)
      throw new SinkError(`notify: sink ${name}: these headers cannot be sent: ${unusable.join(', ')}`);
    const timeout = (sink.timeoutMs ?? TIMEOUT_MS) / 1000;
    return [name, { url, secret, headers, types, format, timeout, allow_private: sink.allowPrivate ?? false }] as const;
  });
  const targets = sinkTargets(Object.fromEntries(settings));
  for (const [queue, target] of targets) {
    const mistake = hookMistake(target);
    if (mistake) throw new SinkError(`notify: sink ${sinkOf(queue)}: ${mistake}`);
  }
  return targets;
}
