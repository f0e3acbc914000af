import { toError } from './errors.ts';

/** A mistake of ours must be seen, but not here, where it would tear something apart: it goes to the process's net for errors. */
export function throwLater(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}

/**
 * Starts work that nothing waits for. Every such promise passes here, or ends with its own `.catch` (test/no-lost-promise.test.ts):
 * one that is merely dropped is an error of the process when it rejects.
 * @param failed what becomes of its failure; default: none is expected, and the process's net logs it (src/host/error-net.ts).
 */
export function background(work: Promise<unknown> | undefined, failed: (error: Error) => void = throwLater): void {
  work?.catch((thrown) => failed(toError(thrown)));
}
