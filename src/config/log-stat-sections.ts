import { choice, flag, integer, section, shown, text } from './leaf.ts';

const levels = ['trace', 'debug', 'info', 'warn', 'warning', 'error', 'fatal', 'panic'] as const;

export const logSection = section('Logs.', {
  format: text('string', '`json`: one object a line; anything else: plain text.', shown),
  access_log: text('stdout', '`stdout`, `stderr` or the path of a file: requests and delivered pushes.', shown),
  access_level: choice(levels, 'debug', 'Least level of the access log.', { ...shown, foldCase: true }),
  error_log: text('stderr', '`stdout`, `stderr` or the path of a file: failed pushes and errors.', shown),
  error_level: choice(levels, 'error', 'Least level of the error log.', { ...shown, foldCase: true }),
  hide_token: flag(true, 'Mask the first and the last ten characters of device tokens in log lines.'),
  hide_messages: flag(false, 'Leave texts of notifications out of log lines.'),
});

export const statSection = section('Where the counters of /api/stat/app are kept.', {
  engine: choice(
    ['memory', 'redis', 'boltdb', 'buntdb', 'leveldb', 'badger'],
    'memory',
    'Which store: `memory`, `redis`, `boltdb`, `buntdb`, `leveldb` or `badger`.',
  ),
  redis: section('Redis.', {
    cluster: flag(false, 'The addresses are nodes of a cluster.'),
    addr: text('localhost:6379', 'Address of the server; of a cluster several, separated by commas.', shown),
    username: text('', 'User.'),
    password: text('', 'Password.'),
    db: integer(0, 'Number of the database.', { ...shown, minimum: 0 }),
  }),
  boltdb: section('BoltDB.', {
    path: text('bolt.db', 'The file.', shown),
    bucket: text('gorush', 'Bucket in it.', shown),
  }),
  buntdb: section('BuntDB.', { path: text('bunt.db', 'The file.', shown) }),
  leveldb: section('LevelDB.', { path: text('level.db', 'The folder.', shown) }),
  badgerdb: section('BadgerDB.', { path: text('badger.db', 'The folder.', shown) }),
});
