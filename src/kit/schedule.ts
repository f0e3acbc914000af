interface Due<T> {
  readonly at: number;
  readonly item: T;
}

/** Items with a time each, earliest first: a binary heap. */
export class Schedule<T> {
  readonly #heap: Due<T>[] = [];

  get length(): number {
    return this.#heap.length;
  }

  /** In no order. */
  *[Symbol.iterator](): IterableIterator<T> {
    for (const { item } of this.#heap) yield item;
  }

  /** Leaves out what is not to be kept. */
  retain(isKept: (item: T) => boolean): void {
    for (const { at, item } of this.#heap.splice(0)) if (isKept(item)) this.add(at, item);
  }

  /** The earliest time, if there is any item. */
  next(): number | undefined {
    return this.#heap[0]?.at;
  }

  add(at: number, item: T): void {
    const heap = this.#heap;
    let i = heap.push({ at, item }) - 1;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if ((heap[parent] as Due<T>).at <= at) break;
      this.#swap(i, parent);
      i = parent;
    }
  }

  /** Removes and returns the earliest item whose time is not after `now`. */
  takeDue(now: number): T | undefined {
    const heap = this.#heap;
    const first = heap[0];
    if (!first || first.at > now) return undefined;
    const last = heap.pop() as Due<T>;
    if (heap.length > 0) {
      heap[0] = last;
      this.#sink(0);
    }
    return first.item;
  }

  #sink(from: number): void {
    const heap = this.#heap;
    const at = (i: number): number => heap[i]?.at ?? Number.POSITIVE_INFINITY;
    for (let i = from; ; ) {
      const left = 2 * i + 1;
      const child = at(left + 1) < at(left) ? left + 1 : left;
      if (at(child) >= at(i)) return;
      this.#swap(i, child);
      i = child;
    }
  }

  #swap(a: number, b: number): void {
    const heap = this.#heap;
    [heap[a], heap[b]] = [heap[b] as Due<T>, heap[a] as Due<T>];
  }
}
