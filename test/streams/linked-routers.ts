import type { StreamRouter, WakeUp } from '../../src/streams/router/stream-router.ts';

export interface LinkOptions {
  /** What becomes of wake-ups on their way: lost, doubled, turned round; default: they arrive. */
  readonly mangle?: ((wakeUps: readonly WakeUp[]) => readonly WakeUp[]) | undefined;
}

/** Routers of several instances in one process. */
export function linkedRouters(count: number, { mangle = (wakeUps) => wakeUps }: LinkOptions = {}): StreamRouter[] {
  const hearing = new Map<number, (wakeUps: readonly WakeUp[]) => void>();
  return Array.from({ length: count }, (_, own) => ({
    send: (wakeUps) => {
      for (const [other, hear] of hearing) if (other !== own) setImmediate(() => hear(mangle(wakeUps)));
    },
    listen: (hear) => {
      hearing.set(own, hear);
    },
    close: async () => {
      hearing.delete(own);
    },
  }));
}
