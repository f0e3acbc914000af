import type { StreamRouter } from './stream-router.ts';

/**
 * One router within another: workers of a machine among instances. What comes from another instance reaches one worker, which passes
 * it on to the others; what comes from a worker has been sent to the instances by that worker.
 */
export const nestedRouter = (inner: StreamRouter, outer: StreamRouter): StreamRouter => ({
  send(wakeUps) {
    inner.send(wakeUps);
    outer.send(wakeUps);
  },
  listen(hear) {
    inner.listen(hear);
    outer.listen((wakeUps) => {
      hear(wakeUps);
      inner.send(wakeUps);
    });
  },
  async close() {
    await Promise.all([inner.close(), outer.close()]);
  },
});
