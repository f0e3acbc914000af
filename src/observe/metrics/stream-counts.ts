import type { Sample } from './family.ts';

/** How streams reach their clients. */
export const streamKinds = ['sse', 'websocket', 'poll'] as const;
export type StreamKind = (typeof streamKinds)[number];

/** What live streams of people have done since the start of this process. */
export class StreamCounts {
  readonly #open = new Map<StreamKind, number>(streamKinds.map((kind) => [kind, 0]));
  readonly #opened = new Map<StreamKind, number>(streamKinds.map((kind) => [kind, 0]));
  readonly #closed = new Map<string, { readonly labels: Sample['labels']; value: number }>();
  #refused = 0;
  #events = 0;
  #dropped = 0;

  opened(kind: StreamKind): void {
    this.#open.set(kind, (this.#open.get(kind) ?? 0) + 1);
    this.#opened.set(kind, (this.#opened.get(kind) ?? 0) + 1);
  }

  /** @param reason of a closed set */
  closed(kind: StreamKind, reason: string): void {
    this.#open.set(kind, (this.#open.get(kind) ?? 0) - 1);
    const key = `${kind} ${reason}`;
    const known = this.#closed.get(key);
    if (known) known.value++;
    else this.#closed.set(key, { labels: { kind, reason }, value: 1 });
  }

  /** There was no room for one. */
  refused(): void {
    this.#refused++;
  }

  /** An event was written to a stream. */
  sent(): void {
    this.#events++;
  }

  /** Events were removed from the store before a stream that was open took them. */
  dropped(count: number): void {
    this.#dropped += count;
  }

  /** Streams that are open, of all kinds. */
  get active(): number {
    return this.#open.values().reduce((sum, count) => sum + count, 0);
  }

  get open(): Sample[] {
    return byKind(this.#open);
  }

  get openedSoFar(): Sample[] {
    return byKind(this.#opened);
  }

  get closedSoFar(): Sample[] {
    return [...this.#closed.values()].map(({ labels, value }) => ({ labels, value }));
  }

  get refusedSoFar(): number {
    return this.#refused;
  }

  get events(): number {
    return this.#events;
  }

  get droppedSoFar(): number {
    return this.#dropped;
  }
}

const byKind = (counts: ReadonlyMap<StreamKind, number>): Sample[] =>
  [...counts].map(([kind, value]) => ({ labels: { kind }, value }));
