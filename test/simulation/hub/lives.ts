import { AsyncLocalStorage } from 'node:async_hooks';
import type { VirtualTime } from '../virtual-time.ts';

/** One life of one instance's process: from its start to its end, whether it is closed or crashes. */
export class Life {
  readonly instance: string;
  isOver = false;
  /** Virtual time until which it stands still, as a process does that is not scheduled. */
  stillUntil = 0;

  constructor(instance: string) {
    this.instance = instance;
  }
}

/** A request of a caller: what the model knows as soon as its transaction is committed. */
export class Request {
  #apply: ((wall: number) => void) | undefined;

  constructor(apply: (wall: number) => void) {
    this.#apply = apply;
  }

  /** Also when the process dies before it can answer. @param wall clock of its host */
  committed(wall: number): void {
    this.#apply?.(wall);
    this.#apply = undefined;
  }
}

interface Context {
  readonly life: Life;
  readonly request?: Request | undefined;
}

const contexts = new AsyncLocalStorage<Context>();

/** On whose behalf this code runs, over timers and promises. */
export const current = (): Context | undefined => contexts.getStore();

export const runIn = <T>(context: Context, work: () => T): T => contexts.run(context, work);

type Call = (...args: unknown[]) => void;

/** Binds timers to the life that sets them: they end with it, and wait while it stands still. */
export const bindTo =
  (time: () => VirtualTime) =>
  (call: Call): Call => {
    const context = contexts.getStore();
    if (!context) return call;
    const { life } = context;
    const run: Call = (...args) => {
      if (life.isOver) return;
      const rest = life.stillUntil - time().now;
      if (rest > 0) time().after(rest, () => run(...args));
      else contexts.run(context, call, ...args);
    };
    return run;
  };
