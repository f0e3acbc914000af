import { toError } from '../kit/errors.ts';
import { Throttle } from '../kit/throttle.ts';
import { BrokenDeliveryError } from '../kit/vital.ts';
import type { Log } from '../observe/log/log.ts';

export interface ErrorNetOptions {
  readonly log: Pick<Log, 'error' | 'flush'>;
  /** Ends the process at once. */
  readonly end: () => void;
  /** Monotonic milliseconds. */
  readonly now?: () => number;
}

/** Where it came from, for a log: frames only, no message. */
const FRAMES = 6;

/** JSON.parse quotes what it cannot read, and that may be a caller's contents. */
const messageOf = (error: Error): string => (error instanceof SyntaxError ? 'unreadable text' : error.message);

function framesOf({ stack = '' }: Error): string {
  const frames = stack.split('\n').filter((line) => /^\s+at /.test(line));
  return frames
    .slice(0, FRAMES)
    .map((line) => line.trim().slice('at '.length))
    .join(' < ');
}

const rootOf = (error: Error): Error => (error.cause instanceof Error ? rootOf(error.cause) : error);

/**
 * The last net of a process that serves, for `uncaughtException` (rejections without a handler arrive there as well). An error on the
 * way of a push ends the process, with the queue as it is: the next one goes on from there. Any other is logged, and the process goes
 * on: a socket of a hook, a timer of a listener or a library's stream is no reason to stop delivering.
 */
export function createErrorNet({ log, end, now }: ErrorNetOptions): (thrown: unknown) => void {
  const throttle = new Throttle(60_000, now);
  return (thrown) => {
    const error = toError(thrown);
    const root = rootOf(error);
    const { code } = root as { code?: unknown };
    const fields = { error: root.name, code, reason: messageOf(root), at: framesOf(root) };
    if (error instanceof BrokenDeliveryError) {
      log.error(`${error.message}: the process ends, and the next one goes on with what the queue holds`, fields);
      log.flush();
      end();
      return;
    }
    throttle.add(`${root.name} ${String(code)} ${fields.at}`, 1, (count) =>
      log.error('an error that nothing handles; the process goes on', { ...fields, count }),
    );
  };
}
