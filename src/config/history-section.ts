import { bytes, flag, integer, ours, seconds, section, share, text } from './leaf.ts';

export const DEFAULT_HISTORY_PATH = 'data/history.db';

export const historySection = section(
  'What became of pushes, for `/v1/pushes` and `martlet explain`. See explain.md.',
  {
    enabled: flag(true, 'Keep it.', ours),
    path: text(
      DEFAULT_HISTORY_PATH,
      'The file; empty: memory. Unless it is set, it is beside the queue file, and in memory where the queue is.',
      ours,
    ),
    retention: seconds(86_400, 'How long it is kept.', ours),
    max_bytes: bytes(
      128 * 1024 * 1024,
      'Most that it takes on the disk, or in memory a quarter of it: beyond it the oldest of the app that takes most goes first, deliveries before failures.',
      ours,
    ),
    sample: share(
      1,
      'Share of the requests whose deliveries are recorded, 0 to 1. Failures and retries are recorded of all.',
      ours,
    ),
    rate: integer(
      500,
      'Most rows about deliveries a second (a request to one token is one), so that a busy relay does not pay for them.',
      { ...ours, minimum: 0 },
    ),
  },
);
