import type { SectionValues } from '../carrier/provider-row.ts';
import type { Config } from '../config/schema.ts';
import { statFile } from '../observe/stats/stat-file.ts';
import { builtIn, type ProviderTable } from '../providers/registry.ts';
import { sectionsOf } from '../providers/sections.ts';

/** A configuration, and which of its keys are set. */
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

/** The rows of docs/migrating-from-gorush.md that a configuration alone can decide. */
const beforeProviders: readonly NoteRow[] = [
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
];

const afterProviders: readonly NoteRow[] = [
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

const providerNotes = ({ config, given }: GivenConfig, providers: ProviderTable): NoteRow[] => {
  const sections = sectionsOf(config, providers);
  return providers.rows.flatMap(({ platform, settings: { notes = [] } }) =>
    notes.map(({ key, text }) => ({
      key: `${platform}.${key}`,
      text: () => text(sections[platform] as SectionValues, (name) => given.has(`${platform}.${name}`)),
    })),
  );
};

/** What is different from Gorush for this configuration, a line for each key that it concerns. */
export const migrationNotes = (given: GivenConfig, providers: ProviderTable = builtIn): string[] =>
  [...beforeProviders, ...providerNotes(given, providers), ...afterProviders].flatMap(({ key, text }) => {
    const note = text(given);
    return note === undefined ? [] : [`${key}: ${note}`];
  });
