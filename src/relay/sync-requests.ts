import type { QueueEntry } from '../queue/queue.ts';
import { SyncAnswer } from './sync-answer.ts';

/** The sync requests that wait for their outcomes, by request id. */
export class SyncRequests {
  readonly #waiting = new Map<string, SyncAnswer>();
  readonly #hideMessages: boolean;

  /** @param hideMessages `log.hide_messages`, which in Gorush reaches the answers, too */
  constructor(hideMessages = false) {
    this.#hideMessages = hideMessages;
  }

  open(requestId: string, entries: readonly QueueEntry[]): SyncAnswer {
    const answer = new SyncAnswer(entries, this.#hideMessages);
    this.#waiting.set(requestId, answer);
    return answer;
  }

  /** Undefined for requests that wait for nothing. */
  of(requestId: string): SyncAnswer | undefined {
    return this.#waiting.get(requestId);
  }

  forget(requestId: string): void {
    this.#waiting.delete(requestId);
  }

  /** All are answered now, with what there is. */
  giveUp(): void {
    for (const answer of this.#waiting.values()) answer.giveUp();
  }
}
