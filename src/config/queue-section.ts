import { choice, flag, integer, ours, seconds, section, shown, text } from './leaf.ts';

export const queueSection = section('Where accepted pushes wait.', {
  engine: choice(['local', 'nsq', 'nats', 'redis'], 'local', 'Which queue: `local`, `nsq`, `nats` or `redis`.'),
  nsq: section('NSQ.', {
    addr: text('127.0.0.1:4150', 'Address of nsqd.', shown),
    topic: text('gorush', 'Topic.', shown),
    channel: text('gorush', 'Channel.', shown),
  }),
  nats: section('NATS.', {
    addr: text('127.0.0.1:4222', 'Address of the server; several separated by commas.', shown),
    subj: text('gorush', 'Subject.', shown),
    queue: text('gorush', 'Queue group.', shown),
  }),
  redis: section('Redis Streams.', {
    addr: text('127.0.0.1:6379', 'Address of the server.', shown),
    username: text('', 'User.'),
    password: text('', 'Password.'),
    db: integer(0, 'Number of the database.', { ...shown, minimum: 0 }),
    stream_name: text('gorush', 'Name of the stream.', shown),
    group: text('gorush', 'Consumer group.', shown),
    consumer: text('gorush', 'Consumer in the group.', shown),
    with_tls: flag(false, 'Connect with TLS.'),
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
  max_age: seconds(
    3600,
    'After which an undelivered push fails with reason `Expired`; its own `expiration` if earlier.',
    ours,
  ),
  backoff: seconds(1, 'Longest pause before the first retry; doubles with each further one.', ours),
  backoff_max: seconds(60, 'Longest pause before any retry.', ours),
});
