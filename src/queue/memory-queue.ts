import type { LaneId } from '../push/lane-id.ts';
import { LaneStore } from './lane-store.ts';
import type { KeptRequest, Queue, WithdrawingQueue } from './queue.ts';
import { QueueRefusedError } from './queue-refused-error.ts';
import { QueueRoom, type QueueRoomOptions } from './queue-room.ts';
import { costOfEach, requestCost } from './request-cost.ts';

export interface MemoryQueueOptions extends QueueRoomOptions {
  readonly wake: (lane: LaneId) => void;
  readonly now?: () => number;
}

/** The queue without a file: what it holds dies with the process. */
export function createMemoryQueue(
  options: MemoryQueueOptions,
): Queue & WithdrawingQueue & { kept(): readonly KeptRequest[] } {
  const store = new LaneStore(options);
  const room = new QueueRoom(options);
  let closed = false;
  return {
    append(entries, body) {
      if (closed) throw new QueueRefusedError('the queue is closed');
      const cost = costOfEach(requestCost(entries, typeof body === 'function' ? body() : body), entries);
      room.take(entries, cost);
      for (const entry of entries) {
        entry.cost = cost;
        store.add(entry);
      }
    },
    take: (lane, limit) => store.take(lane, limit),
    settle(batch, indexes) {
      const { entry } = batch;
      if (store.settle(batch, indexes.length)) room.give(entry.app, entry.cost);
    },
    defer: (batch, at) => store.defer(batch, at),
    withdraw: (withdrawal) => store.withdraw(withdrawal),
    depth: (lane) => store.depth(lane),
    oldestAge: () => store.oldestAge(),
    /** Of former processes: none. */
    kept: () => [],
    health: () => room.health(),
    async close() {
      closed = true;
      store.close();
    },
  };
}
