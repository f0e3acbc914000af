import type { Config } from '../config/schema.ts';
import { statFile } from '../observe/stats/stat-file.ts';

/** A configuration, and which keys of it somebody has set. */
export interface GivenConfig {
  readonly config: Config;
  readonly given: ReadonlySet<string>;
}

interface NoteRow {
  readonly key: string;
  /** What it means for this configuration; undefined: nothing. */
  readonly text: (given: GivenConfig) => string | undefined;
}

const when = (key: string, applies: (given: GivenConfig) => boolean, text: string): NoteRow => ({
  key,
  text: (given) => (applies(given) ? text : undefined),
});

const set = (key: string) => (given: GivenConfig) => given.given.has(key);

const brokers = {
  redis: 'entries that a Gorush left in the stream are read and sent, and a Gorush can read ours',
  nsq: 'messages that a Gorush left in the topic are read and sent, and a Gorush can read ours',
  nats: 'JetStream is needed (nats-server -js); what a Gorush still publishes is taken over, and a Gorush cannot read ours',
} as const;

/** What `max_retry: 0` still repeats: `FREE_RETRIES` of the retry decision. */
const DESPITE_ZERO = {
  ios: '',
  android: ', but for one retry of a 503 or a lost connection (Gorush: four) and one after a renewed access token',
  huawei: ', but for one retry after a renewed access token',
} as const;

const retries = (platform: 'ios' | 'android' | 'huawei'): NoteRow => ({
  key: `${platform}.max_retry`,
  text({ config }) {
    const { enabled, max_retry } = config[platform];
    if (!enabled) return undefined;
    return max_retry === 0
      ? `0: a 429 or a 5xx is final, as in Gorush${DESPITE_ZERO[platform]}; 3 is a good value. What the provider never saw is sent again all the same`
      : `${max_retry}: with backoff, for 429, 5xx, timeouts and lost connections too; dead tokens and wrong requests are sent once`;
  },
});

/** The rows of docs/migrating-from-gorush.md that a configuration alone can decide. */
const rows: readonly NoteRow[] = [
  when(
    'core.sync',
    ({ config }) => config.core.sync && config.queue.engine === 'local',
    'a request of which nothing could be sent has a failed entry for every token in `logs`, where Gorush had none',
  ),
  {
    key: 'core.shutdown_timeout',
    text: ({ config: { core } }) =>
      `SIGTERM sends what waits before it ends: let the orchestrator wait longer than ${core.shutdown_delay + core.shutdown_timeout} s`,
  },
  when(
    'core.worker_num',
    set('core.worker_num'),
    'does not limit pushes any more, the providers do; it allows ten calls of the feedback hook for each',
  ),
  when(
    'core.queue_num',
    set('core.queue_num'),
    'a request that does not fit gets 503 with Retry-After, and nothing of it is sent',
  ),
  when(
    'core.feedback_hook_url',
    ({ config }) => config.core.feedback_hook_url !== '',
    'is called again until it answers 2xx, so it may hear of a push twice (same `request_id`); bodies have more fields',
  ),
  when(
    'core.feedback_header',
    ({ config }) => config.core.feedback_header.some((header) => header.split(':').length > 2),
    'is split at the first colon only: a value with a colon in it now arrives whole',
  ),
  when(
    'log.hide_token',
    ({ config }) => config.log.hide_token,
    'masks log lines only: answers and the feedback hook carry whole tokens, so that dead ones can be deleted',
  ),
  when(
    'ios.max_concurrent_pushes',
    set('ios.max_concurrent_pushes'),
    'is the largest slice of one notification that goes out before others have their turn; it does not limit pushes',
  ),
  retries('ios'),
  retries('android'),
  retries('huawei'),
  when(
    'android.enabled',
    ({ config }) => config.android.enabled,
    'requests with `dry_run: true` are only validated by FCM, where Gorush really sent them: look whether a client sets it',
  ),
  when(
    'huawei.enabled',
    ({ config }) => config.huawei.enabled,
    'failed pushes are told and counted, each token by itself; a request with `app_id` and `app_secret` uses those',
  ),
  {
    key: 'queue.engine',
    text({ config: { queue } }) {
      if (queue.engine !== 'local') return `${queue.engine}: ${brokers[queue.engine]}`;
      return queue.local.path === ''
        ? 'local, in memory (queue.local.path is empty): a crash loses what waits, as in Gorush'
        : `local: what waits is in ${queue.local.path}; put it on a disk that outlives the container`;
    },
  },
  {
    key: 'stat.engine',
    text({ config: { stat } }) {
      if (stat.engine === 'memory' || stat.engine === 'sqlite') return undefined;
      if (stat.engine === 'redis') return 'redis: the counters go on from where Gorush left them, and back';
      const { path, because } = statFile(stat[stat.engine === 'badger' ? 'badgerdb' : stat.engine].path, stat.engine);
      return because
        ? `${stat.engine}: counters are in ${path} (SQLite) and begin at 0; ${because}`
        : `${stat.engine}: counters are in ${path} (SQLite), which a Gorush cannot open: move it away before going back`;
    },
  },
];

/** What is different from Gorush for this configuration, a line for each key that it concerns. */
export const migrationNotes = (given: GivenConfig): string[] =>
  rows.flatMap(({ key, text }) => {
    const note = text(given);
    return note === undefined ? [] : [`${key}: ${note}`];
  });
