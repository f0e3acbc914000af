import { onTestFinished } from 'vitest';

/**
 * What reaches the process as an uncaught error or as a rejection without a handler, until the test ends; Vitest, which would let the
 * test fail for it, does not hear of it.
 */
export function collectUncaught(): Error[] {
  const caught: Error[] = [];
  const events = ['uncaughtException', 'unhandledRejection'] as const;
  const keep = (error: Error): void => {
    caught.push(error);
  };
  for (const event of events) {
    const others = process.rawListeners(event) as (() => void)[];
    process.removeAllListeners(event);
    process.on(event, keep);
    onTestFinished(() => {
      process.removeAllListeners(event);
      for (const other of others) process.on(event, other);
    });
  }
  return caught;
}
