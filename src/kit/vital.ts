import { MartletError } from './errors.ts';

/**
 * A mistake of ours on the way of a push between the queue and its outcome: what is in memory is no longer what the queue holds, so
 * the process ends, and the next one goes on from the queue (docs/durability.md).
 */
export class BrokenDeliveryError extends MartletError {
  readonly code = 'ERR_BROKEN_DELIVERY';
}

/** A callback of a timer or of the event loop that is on that way: what it throws ends the process. */
export const vital =
  <Args extends unknown[]>(what: string, run: (...args: Args) => void): ((...args: Args) => void) =>
  (...args) => {
    try {
      run(...args);
    } catch (error) {
      throw new BrokenDeliveryError(`${what} failed`, { cause: error });
    }
  };
