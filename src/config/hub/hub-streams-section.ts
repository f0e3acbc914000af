import { bytes, choice, integer, list, ours, seconds, section } from '../leaf.ts';

const counted = (least: number) => ({ ...ours, minimum: least });

/** More than most machines let a process open files for: what is left of it there is said, and is no warning. */
export const DEFAULT_STREAMS = 20_000;

export const hubStreamsSection = section('Live streams of people, and who is there. See hub/streams.md.', {
  store: choice(
    ['hub', 'memory', 'redis'],
    'hub',
    'What keeps the events of streams: the store of the hub, the memory of this process, or the Redis of `hub.redis`.',
    ours,
  ),
  presence: choice(
    ['', 'memory', 'redis'],
    '',
    'Where it is known who is there: in each process, of which those of one machine (`core.processes`) know it together, or in the Redis of `hub.redis`; empty: there, if it is set.',
    ours,
  ),
  router: choice(
    ['', 'none', 'workers', 'post', 'redis'],
    '',
    'How other processes learn at once that there is something new: workers of this machine by their primary, other instances by the Redis of `hub.redis` or by `post` to `hub.streams.peers` (workers too, then); `none`: they ask the store every `poll_interval`. Empty: what is there, a Redis first.',
    ours,
  ),
  peers: list(
    'Addresses of the other instances, for `router: post`: `http://10.0.0.2:8088`. This one may be among them, so that all instances have one list.',
    ours,
  ),
  peer_secret: list(
    'Standard Webhooks secrets (`whsec_…`) that the instances share, the newest first: calls between them are signed with all of them, and taken with any.',
    { martlet: true },
  ),
  offline: choice(
    ['keep', 'drop'],
    'keep',
    'What becomes of events that are published for someone who has no stream open: they are kept for when one is, or dropped. What notifications put into streams is always kept.',
    ours,
  ),
  max: integer(
    DEFAULT_STREAMS,
    'Streams that may be open at once in a process; 0: any number. Their connections are counted here, and not in `core.max_connections`.',
    counted(0),
  ),
  per_app: integer(
    0,
    'Streams of one app that may be open at once in a process; 0: half of `max` when there are several, each of which has a part that others cannot take.',
    counted(0),
  ),
  per_user: integer(
    0,
    'Streams of one person at a process; the oldest ends for a further one. As many polls may wait. 0: a hundredth of `max`, at least 16.',
    counted(0),
  ),
  heartbeat: seconds(15, 'A sign of life on every stream, about so often.', { ...ours, minimum: 1 }),
  retention: seconds(604_800, 'Events are kept for so long.', { ...ours, minimum: 60 }),
  max_events: integer(1000, 'Events that are kept of each person, at most.', counted(1)),
  max_bytes: bytes(16_777_216, 'Bytes of events that are kept of each person, at most.', counted(262_144)),
  poll_interval: seconds(2, 'Between two questions to the store for what no one has told of.', {
    ...ours,
    minimum: 0.1,
  }),
  page: integer(300, 'Events that are read at once for a reader who comes back.', {
    ...ours,
    minimum: 1,
    maximum: 1000,
  }),
  buffer: bytes(
    1_048_576,
    'A stream for which more than this waits in memory, unread by its client, is closed.',
    counted(65_536),
  ),
  lease: seconds(30, 'How long what a client says of its presence holds, and an instance that has died counts.', {
    ...ours,
    minimum: 1,
  }),
});
