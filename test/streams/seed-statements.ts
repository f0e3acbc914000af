/**
 * What the tests of github.com/rbaliyan/mailbox (notify, presence) assert, N1 to N56, and what was found wrong with it, as statements about
 * streams, W1 to W31: which test of ours holds each. What of it is about the library `martlet/notify` alone is tested there.
 */
export interface SeedStatement {
  readonly number: string;
  /** File and title of tests. */
  readonly heldBy: readonly (readonly [file: string, title: string])[];
  /** What is otherwise here, or where it is tested. */
  readonly note?: string;
}

const files = {
  streams: 'test/streams/streams.test.ts',
  store: 'test/streams/stream-store-contract.peer.test.ts',
  presence: 'test/streams/presence/presence-contract.peer.test.ts',
  redisPresence: 'test/streams/redis/redis-presence.peer.test.ts',
  redisStore: 'test/streams/redis/redis-stream-store.peer.test.ts',
  redisRouter: 'test/streams/redis/redis-router.peer.test.ts',
  routes: 'test/api/hub/streams/stream-routes.test.ts',
  http2: 'test/api/hub/streams/http2-doors.test.ts',
  inbox: 'test/api/hub/streams/inbox-live.test.ts',
  socket: 'test/api/hub/streams/socket-route.test.ts',
  few: 'test/streams/redis/few-connections.peer.test.ts',
  sql: 'test/hub/streams/sql-stream-store.test.ts',
  metrics: 'test/observe/metrics/hub-series.test.ts',
  browsers: 'test/api/hub/streams/real-clients.peer.test.ts',
  here: 'test/streams/seed-statements.test.ts',
  signature: 'test/notify/verify-signature.test.ts',
  sinks: 'test/feedback/sinks/sink-contract.peer.test.ts',
  hook: 'test/feedback/hook.test.ts',
  post: 'test/streams/router/post-router.test.ts',
} as const;

type File = keyof typeof files;

const held = (number: string, tests: readonly (readonly [File, string])[], note?: string): SeedStatement => ({
  number,
  heldBy: tests.map(([file, title]) => [files[file], title]),
  ...(note === undefined ? {} : { note }),
});

export const seedStatements: readonly SeedStatement[] = [
  held('N1', [
    ['streams', 'has what is pushed after it was opened, at every reader of the person and at no other'],
    ['routes', 'what is published comes as one line of JSON, under its type, in the order of ids'],
  ]),
  held('N2', [
    ['streams', 'is dropped for who is not there, or was never, where that is the rule'],
    ['routes', 'streams.offline: drop keeps what is published for those who are there'],
  ]),
  held('N3', [
    ['streams', 'is dropped for who is not there, or was never, where that is the rule'],
    ['routes', 'streams.offline: drop keeps what is published for those who are there'],
  ]),
  held('N4', [
    ['streams', 'has what was missed since an id, then what comes'],
    ['routes', 'who comes back with the last id has all that came after it, by header or query, and the header counts'],
  ]),
  held('N5', [['streams', 'ends with its person, with its streams, and by its reader']]),
  held('N6', [['streams', 'ends with its person, with its streams, and by its reader']]),
  held('N7', [['streams', 'has what is pushed after it was opened, at every reader of the person and at no other']]),
  held('N8', [['streams', 'ten readers of a person have each of fifty pushes at once, in the order of ids']]),
  held(
    'N9',
    [['routes', 'a poll has what there is at once, else what comes, else nothing after its time']],
    'A reader that asks has its time from `wait`, and an empty list after it.',
  ),
  held('N10', [['store', 'what is saved has an id, and is listed as it was given, to the last decimal of its time']]),
  held('N11', [['store', 'after an id comes what followed it, no more than is asked for']]),
  held('N12', [['store', 'after an id comes what followed it, no more than is asked for']]),
  held('N13', [['store', 'a person who has nothing has an empty page, and a place from which to go on']]),
  held('N14', [['store', 'cleanup removes what is older, for each person, and who was there is told of the gap']]),
  held('N15', [['store', 'a closed store says so, whatever it is asked']]),
  held('N16', [['store', 'after an id comes what followed it, no more than is asked for']]),
  held('N17', [['store', 'what is saved has an id, and is listed as it was given, to the last decimal of its time']]),
  held('N18', [['store', 'a person who has nothing has an empty page, and a place from which to go on']]),
  held('N19', [
    ['streams', 'has what is pushed after it was opened, at every reader of the person and at no other'],
    ['redisRouter', 'reach every other instance, with the event, and not the sender'],
  ]),
  held('N20', [['streams', 'has what was missed since an id, then what comes']]),
  held('N21', [['streams', 'has what was missed since an id, then what comes']]),
  held('N22', [['streams', 'ends with its person, with its streams, and by its reader']]),
  held('N23', [['routes', 'a poll has what there is at once, else what comes, else nothing after its time']], 'As N9.'),
  held('N24', [['store', 'a closed store says so, whatever it is asked']]),
  held(
    'N25',
    [['streams', 'ends with its person, with its streams, and by its reader']],
    'Streams are closed before their store, and end with that.',
  ),
  held('N26', [
    ['store', 'who reads while others write sees all up to the last id that is seen'],
    ['streams', 'ten readers of a person have each of fifty pushes at once, in the order of ids'],
  ]),
  held('N27', [['streams', 'has what is pushed after it was opened, at every reader of the person and at no other']]),
  held('N28', [['signature', 'N28, N37 that is right holds']]),
  ...['N29', 'N30', 'N31', 'N32', 'N33', 'N34', 'N35'].map((number) =>
    held(number, [['signature', '%s does not hold']]),
  ),
  held('N36', [['signature', 'N36 of ten minutes ago does not hold within five']]),
  held('N37', [['signature', 'N28, N37 that is right holds']]),
  held('N38', [['signature', 'N38 without a tolerance it holds exactly when key and digest are right']]),
  held('N39', [['signature', 'N39, W27 with one it holds for that long, before and after, over all 64-bit times']]),
  held('N40', [['sinks', 'have every event of their types, online or not, once, as JSON, about in order, and signed']]),
  held('N41', [['sinks', 'have every event of their types, online or not, once, as JSON, about in order, and signed']]),
  held(
    'N42',
    [
      ['sinks', 'that answer %d have the event again under the same id until they take it, and lead nowhere else'],
      ['sinks', 'that take nothing for too long are given up on, which is counted and said'],
    ],
    'Tries are bounded by time and not by number; a push does not wait for them, so that what failed is told in the log and counted.',
  ),
  held('N43', [['sinks', 'have every event of their types, online or not, once, as JSON, about in order, and signed']]),
  held('N44', [
    ['sinks', 'that answer %d have the event again under the same id until they take it, and lead nowhere else'],
  ]),
  held('N45', [['presence', 'a person is online from the first connection to the end of the last']]),
  held('N46', [['presence', 'a person is online from the first connection to the end of the last']]),
  held('N47', [['presence', 'leaving twice is leaving once, and takes no other connection with it']]),
  held('N48', [['presence', 'of many, those who are online are found, in their order']]),
  held('N49', [
    [
      'presence',
      'each instance at which a person is connected is found, with how it is reached, and goes with its connections',
    ],
  ]),
  held('N50', [['presence', 'a place need not be named']]),
  held('N51', [['presence', 'a closed tracker says so, and leaving after that does no harm']]),
  held('N52', [['presence', 'a hundred connections that come and go at once leave no trace']]),
  held('N53', [
    [
      'redisPresence',
      'a connection stays for as long as its instance renews it, and ends with its lease when that died',
    ],
  ]),
  held('N54', [['presence', 'instances see each other, and one that is closed takes its own connections with it']]),
  held(
    'N55',
    [
      [
        'inbox',
        'what comes, is seen, read or removed is told with the counts of the inbox, and the moment that they are of',
      ],
    ],
    'There are no folders, so nothing is moved.',
  ),
  held(
    'N56',
    [
      ['routes', "a person's token opens that person's stream, and no other one; a back end needs the scope users"],
      ['routes', 'who has a stream open is there, until the last one ends'],
    ],
    'There is no stream over gRPC: the same of server-sent events.',
  ),
  held('W1', [
    ['streams', 'readers that come, stall and go at two instances have each id once, in order, none missing'],
  ]),
  held('W2', [
    ['streams', 'readers that come, stall and go at two instances have each id once, in order, none missing'],
  ]),
  held('W3', [
    ['streams', 'nothing comes before it is resumed, and its place is fixed from its opening on'],
    ['streams', 'has all that is kept when it begins at the earliest'],
  ]),
  held('W4', [['streams', 'to many is there once for each, with an id of each own stream']]),
  held(
    'W5',
    [
      [
        'routes',
        'an id from which one cannot go on is told as a reset, without an id of its own, then comes all that is kept',
      ],
      ['store', 'is one that is older than the oldest kept'],
    ],
    'A malformed id is a reset too, not 400: an EventSource would stop for good.',
  ),
  held('W6', [
    ['streams', 'costs nothing but its place, and has all of it once it takes more'],
    ['http2', 'a client that stops reading one stream loses it, and the others on its connection go on'],
    ['socket', 'a client that makes the server write and reads nothing is cut off, whether it sends pings or nonsense'],
  ]),
  held('W7', [
    ['routes', 'who comes back with the last id has all that came after it, by header or query, and the header counts'],
    ['streams', 'is dropped for who is not there, or was never, where that is the rule'],
  ]),
  held('W8', [['streams', 'nothing comes before it is resumed, and its place is fixed from its opening on']]),
  held('W9', [
    ['routes', 'who has a stream open is there, until the last one ends'],
    ['routes', 'at the end of the process each stream is sent away, at times of their own, and new ones are refused'],
    ['http2', 'a poll over HTTP/2 waits for what comes, and one that is given up is over'],
  ]),
  held('W10', [['few', 'share its connections to the Redis, and cost it no question each while nothing happens']]),
  held('W11', [
    ['few', 'share its connections to the Redis, and cost it no question each while nothing happens'],
    ['streams', 'find by asking the store what no wake-up told'],
  ]),
  held('W12', [
    ['streams', 'ends with its person, with its streams, and by its reader'],
    ['metrics', 'streams are counted by kind, those that ended by why'],
  ]),
  held('W13', [
    ['streams', 'to many is told person by person when it fails for some'],
    ['routes', 'a request that is repeated publishes once: by its Idempotency-Key, or by the id of the event'],
  ]),
  held('W14', [['routes', 'an event for many reaches each once, an event for everyone each person of the app']]),
  held('W15', [
    ['redisStore', 'every key has an end, and none holds a name'],
    ['store', 'people of any name never meet'],
  ]),
  held('W16', [
    ['store', 'ids sort as text, and are one after another for each person'],
    ['streams', 'ten readers of a person have each of fifty pushes at once, in the order of ids'],
    ['streams', 'readers that come, stall and go at two instances have each id once, in order, none missing'],
  ]),
  held('W17', [
    ['streams', 'readers that come, stall and go at two instances have each id once, in order, none missing'],
  ]),
  held(
    'W18',
    [['streams', 'ends with its person, with its streams, and by its reader']],
    'After its end nothing is given to a reader any more.',
  ),
  held('W19', [
    [
      'presence',
      'each instance at which a person is connected is found, with how it is reached, and goes with its connections',
    ],
    ['streams', 'wake each other by the router, and end a person at each'],
  ]),
  held('W20', [['redisPresence', 'what FLUSHALL took is there again with the next renewal']]),
  held('W21', [['presence', 'leaving twice is leaving once, and takes no other connection with it']]),
  held('W22', [
    [
      'redisPresence',
      'a connection stays for as long as its instance renews it, and ends with its lease when that died',
    ],
    ['presence', 'instances see each other, and one that is closed takes its own connections with it'],
  ]),
  held('W23', [['here', 'a lease of less than a second is a mistake of the configuration']]),
  held(
    'W24',
    [['streams', 'is asked again, and nothing is lost']],
    'An event leaves only when it is kept, so that no reader has one that others miss: while the store is away publishing answers 503, readers stay, and have all of it afterwards.',
  ),
  held('W25', [
    ['sinks', 'that hang hold up neither who publishes nor another sink'],
    ['sinks', 'have what waited when the process was killed, from the next one'],
    ['hook', 'a dead hook is left in peace but for a probe now and then, and told everything when it is back'],
  ]),
  held('W26', [
    ['sinks', 'that answer %d have the event again under the same id until they take it, and lead nowhere else'],
    ['sinks', 'are signed in the form mailbox where so wanted, at the time of each call'],
    ['sinks', 'have the headers that are set, none of which takes the place of the signature'],
    ['sinks', 'that take nothing for too long are given up on, which is counted and said'],
    ['hook', 'Retry-After is obeyed'],
  ]),
  held('W27', [
    ['signature', 'N39, W27 with one it holds for that long, before and after, over all 64-bit times'],
    ['signature', 'W27 no time is "%s"'],
    ['post', 'that come again are answered and heard once; of another time they are refused'],
  ]),
  held('W28', [['sinks', 'have every event of their types, online or not, once, as JSON, about in order, and signed']]),
  held('W29', [
    ['routes', 'what is published comes as one line of JSON, under its type, in the order of ids'],
    ['routes', 'a sign of life comes every so often'],
    ['routes', 'a stream says at once that it is there, how to come back, and from where it goes on'],
    [
      'browsers',
      'an EventSource of a page of hub.cors_origins is live with a ticket; that of another page has nothing',
    ],
  ]),
  held('W30', [
    ['store', 'no more are kept than the most, one by one and in a batch'],
    ['store', 'no more bytes are kept than the most, but the newest always'],
    ['store', 'ids sort as text, and are one after another for each person'],
  ]),
  held('W31', [
    ['routes', 'what is wrong with an event is said with its place, and nothing of the request is published'],
    ['sql', 'people of two apps with one name never meet'],
    ['socket', 'an app has no more streams than it may, and the others have theirs'],
  ]),
];
