import { Agent, type Dispatcher } from 'undici';
import { Throttle } from '../log/throttle.ts';
import type { Log } from '../log.ts';
import type { RelayEvents, Settlement } from '../push.ts';
import { pushEntry } from '../push-entry.ts';
import type { ReportKeeper } from '../queue/kept-reports.ts';
import { type BacklogEvents, type BacklogStats, FeedbackBacklog } from './backlog.ts';
import { parseHeaders } from './headers.ts';
import { createPost, type Post } from './post.ts';

/** The keys of the `core` section that concern the hook. */
export interface FeedbackConfig {
  /** Empty: no hook. */
  readonly feedback_hook_url: string;
  /** Seconds for one call; 0: 10. */
  readonly feedback_timeout: number;
  readonly feedback_header: readonly string[];
}

export interface FeedbackHookOptions {
  readonly config: FeedbackConfig;
  readonly log: Pick<Log, 'error' | 'warn'>;
  /** Knows the proxy and the CA, and stays its owner's; default: an agent of our own. */
  readonly dispatcher?: Dispatcher;
  /** `log.hide_messages`, which in Gorush reaches the hook, too; default false. */
  readonly hideMessages?: boolean;
  /** Keeps what the hook has not taken beyond the process: the queue file. */
  readonly keeper?: ReportKeeper | undefined;
  /** Calls under way at once; default 20, Gorush's connections. */
  readonly concurrency?: number;
  /** Entries and characters that may wait; default 100,000 and 64 Mi. */
  readonly maxEntries?: number;
  readonly maxBytes?: number;
  /** Milliseconds after which an entry that the hook refuses is given up; default an hour. */
  readonly maxAgeMs?: number;
  /** Milliseconds: the longest first pause before a call is repeated, and the longest at all; default 1,000 and 60,000. */
  readonly firstMs?: number;
  readonly maxMs?: number;
  /** Monotonic, and UNIX milliseconds. */
  readonly monotonic?: () => number;
  readonly now?: () => number;
  readonly random?: () => number;
}

export interface FeedbackHook {
  /** Takes each failed target; never waits. */
  readonly events: Pick<RelayEvents, 'settled'>;
  stats(): BacklogStats;
  /** Waits until the hook knows everything, at most `ms`; less when the hook turns out to be dead. */
  drain(ms: number): Promise<void>;
  /** Leaves what is left to the keeper, or gives it up. */
  close(): Promise<void>;
}

const DEFAULT_TIMEOUT_S = 10;
/** setTimeout's longest. */
const MAX_TIMER_MS = 2 ** 31 - 1;

const timeoutMs = (seconds: number): number =>
  Math.min(seconds > 0 ? seconds * 1000 : DEFAULT_TIMEOUT_S * 1000, MAX_TIMER_MS);

function troubleEvents({ log, monotonic }: FeedbackHookOptions, hook?: string): BacklogEvents {
  const throttle = new Throttle(60_000, monotonic);
  return {
    failed(reason, lasting) {
      throttle.add(lasting ? 'lasting' : 'failed', 1, (calls) =>
        lasting
          ? log.error('the feedback hook keeps failing; its entries wait', { hook, reason, calls })
          : log.warn('a call of the feedback hook failed and is repeated', { hook, reason, calls }),
      );
    },
    dropped(entries, why) {
      throttle.add(why, entries, (total) =>
        log.error('the feedback hook will never hear of some failed pushes', { hook, entries: total, reason: why }),
      );
    },
  };
}

function createBacklog(options: FeedbackHookOptions, post: Post, events: BacklogEvents): FeedbackBacklog {
  return new FeedbackBacklog({
    post,
    events,
    concurrency: options.concurrency ?? 20,
    maxEntries: options.maxEntries ?? 100_000,
    maxBytes: options.maxBytes ?? 64 * 1024 * 1024,
    maxAgeMs: options.maxAgeMs ?? 3_600_000,
    firstMs: options.firstMs ?? 1000,
    maxMs: options.maxMs ?? 60_000,
    now: options.monotonic ?? (() => performance.now()),
    random: options.random ?? Math.random,
    keeper: options.keeper,
  });
}

/** Every failed target as Gorush's body and what Martlet adds; the token in full, whatever the log hides. */
function entriesOf(settlement: Settlement, hideMessages: boolean, add: (body: string) => void): void {
  const { outcomes } = settlement;
  for (let index = 0; index < outcomes.length; index++) {
    if (outcomes[index]?.kind !== 'failed') continue;
    add(JSON.stringify(pushEntry(settlement, index, hideMessages)));
  }
}

const nothing = { backlog: 0, sent: 0, failed: 0, dropped: 0 };

const NO_HOOK: FeedbackHook = {
  events: {},
  stats: () => nothing,
  drain: async () => {},
  close: async () => {},
};

/** As in Gorush, a URL that cannot be called hurts nobody: it is told, and what the hook would have heard is counted. */
function uncallableHook(trouble: BacklogEvents): FeedbackHook {
  let dropped = 0;
  const settled = (settlement: Settlement): void => {
    const failed = settlement.outcomes.filter((outcome) => outcome.kind === 'failed').length;
    if (failed === 0) return;
    dropped += failed;
    trouble.dropped(failed, 'core.feedback_hook_url is not an http:// or https:// URL');
  };
  return { ...NO_HOOK, events: { settled }, stats: () => ({ ...nothing, dropped }) };
}

function openHook(options: FeedbackHookOptions, url: URL, headers: Record<string, string>): FeedbackHook {
  const { config, hideMessages = false, concurrency = 20, now = Date.now } = options;
  const agent = options.dispatcher ? undefined : new Agent({ connections: concurrency, pipelining: 1 });
  const dispatcher = options.dispatcher ?? (agent as Agent);
  const post = createPost({ url, headers, timeoutMs: timeoutMs(config.feedback_timeout), dispatcher, now });
  // Path, query and userinfo of a hook are often its secret.
  const backlog = createBacklog(options, post, troubleEvents(options, url.origin));
  return {
    events: { settled: (settlement) => entriesOf(settlement, hideMessages, (body) => backlog.add(body)) },
    stats: () => backlog.stats(),
    drain: (ms) => backlog.drain(ms),
    async close() {
      backlog.close();
      await agent?.destroy();
    },
  };
}

/**
 * Tells `core.feedback_hook_url` of each push that failed for good: one POST for each target, from a queue of its own, so
 * that a hook that is slow or dead slows no push. Any 2xx is success; everything else is tried again with backoff.
 */
export function createFeedbackHook(options: FeedbackHookOptions): FeedbackHook {
  const { config, log } = options;
  if (config.feedback_hook_url === '') return NO_HOOK;
  const { headers, unusable } = parseHeaders(config.feedback_header);
  if (unusable.length > 0) log.warn(`core.feedback_header: cannot be sent: ${unusable.join(', ')}`);
  const url = URL.parse(config.feedback_hook_url);
  return url && /^https?:$/.test(url.protocol)
    ? openHook(options, url, headers)
    : uncallableHook(troubleEvents(options));
}
