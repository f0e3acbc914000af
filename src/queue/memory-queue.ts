import type { LaneId } from '../push/lane-id.ts';
import { LaneStore } from './lane-store.ts';
import type { Queue } from './queue.ts';
import { QueueRefusedError } from './queue-refused-error.ts';

export interface MemoryQueueOptions {
  /** Notifications that may be unsettled at a time (`core.queue_num`). A larger request is taken when nothing else waits. */
  readonly limit: number;
  readonly wake: (lane: LaneId) => void;
  readonly now?: () => number;
}

/** The queue without a file: what it holds dies with the process. */
export function createMemoryQueue(options: MemoryQueueOptions): Queue {
  const store = new LaneStore(options);
  let closed = false;
  return {
    append(entries) {
      if (closed) throw new QueueRefusedError('the queue is closed');
      refuseWhenFull(store.size, entries.length, options.limit);
      for (const entry of entries) store.add(entry);
    },
    take: (lane, limit) => store.take(lane, limit),
    settle: (batch, indexes) => void store.settle(batch, indexes.length),
    defer: (batch, at) => store.defer(batch, at),
    depth: (lane) => store.depth(lane),
    oldestAge: () => store.oldestAge(),
    health: () => headroom(store.size, options.limit),
    async close() {
      closed = true;
      store.close();
    },
  };
}

/** @throws QueueRefusedError when `more` notifications do not fit; a request larger than the queue fits an empty one. */
export function refuseWhenFull(size: number, more: number, limit: number): void {
  if (size > 0 && size + more > limit) {
    throw new QueueRefusedError(`the queue is full: ${size} of ${limit} notifications wait (core.queue_num)`);
  }
}

/** Health by room left: `warn` above nine tenths, `fail` when full. */
export function headroom(size: number, limit: number): ReturnType<Queue['health']> {
  if (size < limit * 0.9) return { status: 'pass' };
  return { status: size < limit ? 'warn' : 'fail', output: `${size} of ${limit} notifications wait (core.queue_num)` };
}
