import { choice, flag, integer, ours, section, shown, text } from './leaf.ts';

const levels = ['trace', 'debug', 'info', 'warn', 'warning', 'error', 'fatal', 'panic'] as const;

export const logSection = section('Logs.', {
  format: text('string', '`json`: one object a line; anything else: plain text.', shown),
  access_log: text('stdout', '`stdout`, `stderr` or the path of a file: requests and delivered pushes.', shown),
  access_level: choice(levels, 'debug', 'Least level of the access log.', { ...shown, foldCase: true }),
  error_log: text('stderr', '`stdout`, `stderr` or the path of a file: failed pushes and errors.', shown),
  error_level: choice(levels, 'error', 'Least level of the error log.', { ...shown, foldCase: true }),
  hide_token: flag(true, 'Mask the first and the last ten characters of device tokens in log lines.'),
  hide_messages: flag(false, 'Leave texts of notifications out of log lines.'),
  audit: text(
    '',
    '`stdout`, or the path of a file: one JSON line for each request that pushes or changes something. Empty: none.',
    ours,
  ),
});

export const statSection = section('Where the counters of /api/stat/app are kept.', {
  engine: choice(
    ['memory', 'redis', 'sqlite', 'boltdb', 'buntdb', 'leveldb', 'badger'],
    'memory',
    'Which store: `memory`, `redis`, `sqlite`, or `boltdb`, `buntdb`, `leveldb`, `badger`: an SQLite file at the path of that engine.',
  ),
  redis: section('Redis.', {
    cluster: flag(false, 'The addresses are nodes of a cluster.'),
    addr: text('localhost:6379', 'Address of the server; of a cluster several, separated by commas.', shown),
    username: text('', 'User.'),
    password: text('', 'Password.'),
    db: integer(0, 'Number of the database.', { ...shown, minimum: 0 }),
  }),
  sqlite: section('SQLite.', { path: text('data/stat.db', 'The file; several processes may share it.', ours) }),
  boltdb: section('In place of BoltDB, SQLite. A file of a real BoltDB is left alone, and ours is beside it.', {
    path: text('bolt.db', 'The file.', shown),
    bucket: text('gorush', 'Files can hold several sets of counters, by this name.', shown),
  }),
  buntdb: section('In place of BuntDB, SQLite. A file of a real BuntDB is left alone, and ours is beside it.', {
    path: text('bunt.db', 'The file.', shown),
  }),
  leveldb: section('In place of LevelDB, SQLite.', {
    path: text('level.db', 'The file; in a folder of a real LevelDB, one named `martlet.sqlite`.', shown),
  }),
  badgerdb: section('In place of Badger, SQLite.', {
    path: text('badger.db', 'The file; in a folder of a real Badger, one named `martlet.sqlite`.', shown),
  }),
});
