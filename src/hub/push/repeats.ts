import { background } from '../../kit/background.ts';
import type { Failed } from '../../push/push.ts';
import { cancelled } from './ended.ts';
import type { BatchPart } from './peer-request.ts';
import type { PushQuestion } from './push-carrier.ts';

export interface RepeatsOptions {
  readonly send: (part: BatchPart) => Promise<void>;
  readonly stillWanted: (question: PushQuestion) => Promise<readonly boolean[]>;
  readonly end: (part: BatchPart, targets: readonly string[], failed: Failed) => void;
}

/** Targets that wait in memory; a failure beyond that is final. */
const MOST = 50_000;
/** After a question without an answer. */
const AGAIN_MS = 5000;

/** What failed for now waits here for its next attempt; before it the hub is asked whether it is still wanted. */
export class Repeats {
  readonly #options: RepeatsOptions;
  readonly #timers = new Set<NodeJS.Timeout>();
  #size = 0;
  #closed = false;

  constructor(options: RepeatsOptions) {
    this.#options = options;
  }

  /** @returns false when there is no room */
  add(part: BatchPart, delayMs: number): boolean {
    if (this.#size + part.targets.length > MOST) return false;
    if (this.#closed) return true;
    this.#size += part.targets.length;
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.#size -= part.targets.length;
      background(this.#due(part));
    }, delayMs);
    timer.unref();
    this.#timers.add(timer);
    return true;
  }

  close(): void {
    this.#closed = true;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }

  async #due(part: BatchPart): Promise<void> {
    const { batch, app, targets } = part;
    const { stillWanted, send, end } = this.#options;
    const wanted = await stillWanted({ batch, app, targets }).catch(() => undefined);
    if (!wanted) {
      this.add(part, AGAIN_MS);
      return;
    }
    const gone = targets.filter((_, index) => !wanted[index]);
    if (gone.length > 0) end(part, gone, cancelled);
    const left = targets.filter((_, index) => wanted[index]);
    if (left.length > 0) await send({ ...part, targets: left });
  }
}
