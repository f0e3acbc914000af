import { choice, flag, integer, ours, seconds, section, shown, text } from './leaf.ts';

const claimAfter = { ...ours, minimum: 1, maximum: 600 };
const lease = seconds(
  5,
  'After which the pushes of an instance that went silent go to others; no longer than `claim_after`.',
  claimAfter,
);

export const queueSection = section('Where accepted pushes wait.', {
  engine: choice(['local', 'nsq', 'nats', 'redis'], 'local', 'Which queue: `local`, `nsq`, `nats` or `redis`.'),
  nsq: section('NSQ. See queues.md.', {
    addr: text('127.0.0.1:4150', 'Address of nsqd; several separated by commas.', shown),
    topic: text('gorush', 'Topic.', shown),
    channel: text('gorush', 'Channel.', shown),
    http_addr: text(
      '',
      'Where nsqd answers `/stats`, one address for each nsqd; empty: the same hosts, port 4151. Without it `core.queue_num` limits only what this process holds.',
      ours,
    ),
    claim_after: seconds(5, 'After which the pushes of an instance that went silent go to others.', claimAfter),
  }),
  nats: section('NATS JetStream. See queues.md.', {
    addr: text(
      '127.0.0.1:4222',
      'Address of the server; several separated by commas. `nats://user:password@host:port` as well.',
      shown,
    ),
    subj: text('gorush', 'Subject. Streams and their subjects are named after it.', shown),
    queue: text('gorush', 'Queue group, and name of the durable consumer.', shown),
    username: text('', 'User.', { martlet: true }),
    password: text('', 'Password.', { martlet: true }),
    token: text('', 'Token, instead of a user.', { martlet: true }),
    creds_path: text('', 'A .creds file, instead of a user.', ours),
    with_tls: flag(false, 'Connect with TLS.', ours),
    replicas: integer(1, 'Copies of each message in a cluster.', { ...ours, minimum: 1, maximum: 5 }),
    lease,
    claim_after: seconds(
      30,
      'The same, while there are instances that know no lease: those of earlier versions.',
      claimAfter,
    ),
  }),
  redis: section('Redis Streams. See queues.md.', {
    addr: text(
      '127.0.0.1:6379',
      'Address of the server; several nodes of a cluster, or several sentinels, separated by commas.',
      shown,
    ),
    username: text('', 'User.'),
    password: text('', 'Password.'),
    db: integer(0, 'Number of the database.', { ...shown, minimum: 0 }),
    stream_name: text('gorush', 'Name of the stream.', shown),
    group: text('gorush', 'Consumer group.', shown),
    consumer: text(
      'gorush',
      'Consumer in the group; host and process are added, so that each has a name of its own.',
      shown,
    ),
    with_tls: flag(false, 'Connect with TLS.'),
    cluster: flag(false, 'The addresses are nodes of a cluster.', ours),
    sentinel: text('', 'The addresses are sentinels, and this is their name of the master.', ours),
    sentinel_username: text('', 'User at the sentinels.', { martlet: true }),
    sentinel_password: text('', 'Password at the sentinels.', { martlet: true }),
    lease,
    claim_after: seconds(
      30,
      'The same, of an instance that holds no lease: one of an earlier version, or whose user may not write it.',
      claimAfter,
    ),
  }),
  local: section('The queue file of the `local` engine.', {
    path: text(
      'data/queue.db',
      'The file; empty: memory. Where its folder cannot be written: memory, with a warning.',
      ours,
    ),
    sync: choice(
      ['normal', 'full'],
      'normal',
      '`normal`: an accepted push survives a crash of the process; `full`: also a power cut (fsync before the answer).',
      ours,
    ),
  }),
  require_durable: flag(
    false,
    'Refuse to start where accepted pushes would die with the process (no `queue.local.path`, or a folder that cannot be written) or with the broker (an `#ephemeral` topic of NSQ).',
    ours,
  ),
  max_age: seconds(
    3600,
    'After which an undelivered push fails with reason `Expired`; its own `expiration` if earlier.',
    ours,
  ),
  backoff: seconds(1, 'Longest pause before the first retry; doubles with each further one.', ours),
  backoff_max: seconds(60, 'Longest pause before any retry.', ours),
  dedupe: flag(
    false,
    'Send a notification with a `notif_id` once: the same request again gets the first answer. The header `Idempotency-Key` does so always.',
    ours,
  ),
  dedupe_window: seconds(300, 'How long such a request is remembered, in the memory of the process.', ours),
});
