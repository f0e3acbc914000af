import type { StreamEvent } from '../../src/streams/stream-event.ts';
import type { StreamEnd, StreamReset, StreamSink } from '../../src/streams/stream-reader.ts';

/** Takes all that comes. */
export class Collected implements StreamSink {
  readonly events: StreamEvent[] = [];
  readonly resets: StreamReset[] = [];
  readonly ends: StreamEnd[] = [];
  /** After so many more events it takes no more. */
  room = Number.POSITIVE_INFINITY;

  event(event: StreamEvent): boolean {
    this.events.push(event);
    return --this.room > 0;
  }

  reset(reset: StreamReset): boolean {
    this.resets.push(reset);
    return true;
  }

  ended(why: StreamEnd): void {
    this.ends.push(why);
  }

  get texts(): unknown[] {
    return this.events.map(({ payload }) => JSON.parse(payload));
  }

  get ids(): string[] {
    return this.events.map(({ id }) => id);
  }
}

/** Of a person's stream whose offsets are one after another from `after` on. */
export function gaps(ids: readonly string[], after = 0): string[] {
  return ids.filter((id, index) => Number(id.split('.')[1]) !== after + index + 1);
}
