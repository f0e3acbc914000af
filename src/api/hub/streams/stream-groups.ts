import { Grouped } from '../../../kit/grouped.ts';
import type { OpenStream } from './open-stream.ts';

/** Streams that share a limit: of one person, or of one client of a person. */
export class StreamGroups {
  readonly #most: number;
  /** The oldest first. */
  readonly #groups = new Grouped<OpenStream>();

  /** @param most streams a group; 0: any number */
  constructor(most: number) {
    this.#most = most;
  }

  /** @returns the oldest ones, which are more than there may be now */
  enter(group: string, open: OpenStream): readonly OpenStream[] {
    if (this.#most === 0) return [];
    this.#groups.add(group, open);
    const others = this.#groups.of(group).filter(({ why }) => why === undefined);
    return others.slice(0, Math.max(0, others.length - this.#most));
  }

  leave(group: string, open: OpenStream): void {
    this.#groups.delete(group, open);
  }
}
