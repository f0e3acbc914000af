/**
 * The bundles (bundle.ts) that this process has written and that hold something open: who is in which, and what of it is settled. What a
 * transaction changes is known here once it is in the file, and not before.
 *
 * A bundle is open → gone with its last member. One that is half settled and still there after a second is taken apart, its open
 * members into rows of their own: what waits for a retry does not keep the room of the others.
 */
import { hasBit, newBits, setBit } from '../../kit/bits.ts';
import type { NewRecord } from './new-record.ts';
import type { Removal } from './record-store.ts';

/** One that is in the file. */
export interface Bundle {
  readonly key: number;
  readonly keys: readonly number[];
  readonly bytes: number;
  done: Uint8Array;
  open: number;
  /** Its progress has a row. */
  isNoted: boolean;
  looks: number;
}

/** What becomes of a bundle by a transaction. */
export interface BundleStep {
  readonly done: Uint8Array;
  open: number;
}

/** More is not kept so: a process that was killed leaves it to the next one, which takes it apart before it serves. */
const MOST_BYTES = 8 * 1024 * 1024;
/** A look is half a second. */
const LOOKS = 2;

export class Bundles {
  readonly #byMember = new Map<number, Bundle>();
  readonly #all = new Set<Bundle>();
  #bytes = 0;

  get hasRoom(): boolean {
    return this.#bytes < MOST_BYTES;
  }

  [Symbol.iterator](): IterableIterator<Bundle> {
    return this.#all.values();
  }

  /** The steps that the removal of members comes to; `others` are in no bundle. */
  stepsOf(removed: readonly Removal[]): {
    readonly steps: ReadonlyMap<Bundle, BundleStep>;
    readonly others: readonly Removal[];
  } {
    const steps = new Map<Bundle, BundleStep>();
    const others: Removal[] = [];
    for (const removal of removed) {
      const { key } = removal;
      const bundle = this.#byMember.get(key);
      if (!bundle) {
        others.push(removal);
        continue;
      }
      const step = steps.get(bundle) ?? { done: bundle.done.slice(), open: bundle.open };
      steps.set(bundle, step);
      const place = bundle.keys.indexOf(key);
      if (hasBit(step.done, place)) continue;
      setBit(step.done, place);
      step.open--;
    }
    return { steps, others };
  }

  /** It is in the file. */
  added(records: readonly NewRecord[], bytes: number): void {
    const keys = records.map(({ key }) => key);
    const bundle: Bundle = {
      ...{ key: keys[0] as number, keys, bytes, open: keys.length, isNoted: false, looks: 0 },
      done: newBits(keys.length),
    };
    this.#all.add(bundle);
    this.#bytes += bytes;
    for (const key of keys) this.#byMember.set(key, bundle);
  }

  /** The steps are in the file. */
  stepped(steps: ReadonlyMap<Bundle, BundleStep>): void {
    for (const [bundle, { done, open }] of steps) {
      bundle.done = done;
      bundle.open = open;
      bundle.isNoted = true;
      if (open === 0) this.gone(bundle);
    }
  }

  gone(bundle: Bundle): void {
    if (!this.#all.delete(bundle)) return;
    this.#bytes -= bundle.bytes;
    for (const key of bundle.keys) this.#byMember.delete(key);
  }

  /** Those to take apart; to be called every half second. */
  old(): Bundle[] {
    return [...this.#all].filter((bundle) => ++bundle.looks > LOOKS && bundle.open * 2 <= bundle.keys.length);
  }
}
