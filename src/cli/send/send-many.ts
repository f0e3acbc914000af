import PQueue from 'p-queue';
import type { Notification } from '../../push/push.ts';
import type { PushEntry } from '../../push/push-entry.ts';
import type { Accept } from '../../relay/accept.ts';
import type { LinesOut } from '../json-lines-out.ts';
import type { SendProgress } from './progress.ts';
import type { TokenFile, TokenPiece } from './token-file.ts';

export interface SendManyOptions {
  readonly accept: Accept;
  /** Without targets. */
  readonly notification: Notification;
  readonly file: TokenFile;
  /** A target as answers show it, where that is not itself. */
  readonly shown: (target: string) => string;
  readonly out: Pick<LinesOut, 'write'>;
  readonly progress: SendProgress;
}

export interface SentCounts {
  readonly delivered: number;
  readonly failed: number;
}

/** Targets of one notification; and how many of those are under way, so that one that waits for a retry holds up few others. */
const PIECE = 500;
const AT_ONCE = 8;
export const MOST_AT_ONCE = PIECE * AT_ONCE;
/** Longer than any retry of a push waits; `ios.max_retry` and its like end it before. */
const LONGEST_MS = 3_600_000;

/** One result: what a program needs that keeps the tokens. */
function resultLine(token: string, failure: PushEntry | undefined): string {
  if (!failure) return JSON.stringify({ token, ok: true });
  const { error, reason, category, status, invalid_token, attempts } = failure;
  return JSON.stringify({ token, ok: false, error, reason, category, status, invalid_token, attempts });
}

/** Entries by the target that they show; one that was given twice has two. */
function byTarget(logs: readonly PushEntry[]): Map<string, PushEntry[]> {
  const found = new Map<string, PushEntry[]>();
  for (const entry of logs) {
    const same = found.get(entry.token);
    if (same) same.push(entry);
    else found.set(entry.token, [entry]);
  }
  return found;
}

/**
 * Sends a notification to each target of a file, and prints a line of JSON for each as it ends.
 * @throws what the file throws; QueueRefusedError
 */
export async function sendMany(options: SendManyOptions): Promise<SentCounts> {
  const { accept, notification, file, shown, out, progress } = options;
  const sending = new PQueue({ concurrency: AT_ONCE });
  const counts = { delivered: 0, failed: 0 };
  let isRead = true;
  let broken: unknown;
  const send = async ({ tokens, done }: TokenPiece): Promise<void> => {
    const { logs } = await accept([{ ...notification, tokens: [...tokens] }], undefined, { syncMs: LONGEST_MS });
    const failures = byTarget(logs);
    const results = tokens.map((token) => ({ token, failure: failures.get(shown(token))?.shift() }));
    for (const { failure } of results) counts[failure ? 'failed' : 'delivered']++;
    progress.show({ ...counts, done });
    const text = results.map(({ token, failure }) => `${resultLine(token, failure)}\n`).join('');
    isRead = (await out.write(text)) && isRead;
  };
  try {
    for await (const piece of file.pieces(PIECE)) {
      await sending.onSizeLessThan(1);
      if (broken !== undefined || !isRead) break;
      sending
        .add(() => send(piece))
        .catch((error: unknown) => {
          broken ??= error;
        });
    }
  } finally {
    await sending.onIdle();
    progress.end();
  }
  if (broken !== undefined) throw broken;
  return counts;
}
