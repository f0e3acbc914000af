import { SyncAnswer } from './sync-answer.ts';
import type { Answered, Release, SyncRoom } from './sync-room.ts';

interface Waiting {
  readonly answer: SyncAnswer;
  readonly release: Release;
}

/** The sync requests that wait for their outcomes, by request id. */
export class SyncRequests {
  readonly #waiting = new Map<string, Waiting>();
  readonly #hideMessages: boolean;

  readonly #room: Pick<SyncRoom, 'take'> | undefined;

  /**
   * @param hideMessages `log.hide_messages`, which in Gorush reaches the answers, too
   * @param room default: any number
   */
  constructor(hideMessages = false, room?: Pick<SyncRoom, 'take'>) {
    this.#hideMessages = hideMessages;
    this.#room = room;
  }

  /** @throws QueueRefusedError when the answer could take more memory than there is for it */
  open(requestId: string, about: Answered): SyncAnswer {
    const release = this.#room?.take(about) ?? (() => {});
    const answer = new SyncAnswer(about.entries, this.#hideMessages);
    this.#waiting.set(requestId, { answer, release });
    return answer;
  }

  /** Undefined for requests that wait for nothing. */
  of(requestId: string): SyncAnswer | undefined {
    return this.#waiting.get(requestId)?.answer;
  }

  /** It waits no more. @returns what gives back the memory of its answer */
  forget(requestId: string): Release {
    const release = this.#waiting.get(requestId)?.release ?? (() => {});
    this.#waiting.delete(requestId);
    return release;
  }

  /** All are answered now, with what there is. */
  giveUp(): void {
    for (const { answer } of this.#waiting.values()) answer.giveUp();
  }
}
