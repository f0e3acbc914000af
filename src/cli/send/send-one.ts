import type { Notification } from '../../push/push.ts';
import type { Accept } from '../../relay/accept.ts';

/** Long enough for the retries of one push; a person is waiting. */
const LONGEST_MS = 30_000;

/**
 * Sends one notification from the command line and tells, in a sentence for each push, what became of it.
 * @returns true when every push got through.
 */
export async function sendOne(
  accept: Accept,
  notification: Notification,
  say: (line: string) => void,
): Promise<boolean> {
  const { counts, logs } = await accept([notification], undefined, { syncMs: LONGEST_MS });
  for (const { reason, error, category, status } of logs) {
    const answer = status === undefined ? '' : ` (HTTP ${status})`;
    say(`failed: ${error}${reason && reason !== error ? ` [${reason}]` : ''}${answer}; category: ${category}`);
  }
  if (logs.length === 0) say(counts > 1 ? `delivered to the provider: ${counts} pushes` : 'delivered to the provider');
  return logs.length === 0;
}
