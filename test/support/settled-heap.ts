import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

const MOST_ROUNDS = 20;
const SAME = 0.001;

/** Bytes of the heap in use, once further collections free no more: one alone leaves what waits for finalizers. */
export function settledHeap(): number {
  let before = Number.POSITIVE_INFINITY;
  for (let round = 0; round < MOST_ROUNDS; round++) {
    collect();
    const used = getHeapStatistics().used_heap_size;
    if (before - used < before * SAME) return used;
    before = used;
  }
  return before;
}
