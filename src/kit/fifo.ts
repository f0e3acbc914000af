/** First in, first out, in constant time: an array with a moving head, compacted when half of it is spent. */
export class Fifo<T> {
  #items: (T | undefined)[] = [];
  #head = 0;

  get length(): number {
    return this.#items.length - this.#head;
  }

  push(item: T): void {
    this.#items.push(item);
  }

  *[Symbol.iterator](): IterableIterator<T> {
    yield* this.#items.slice(this.#head) as T[];
  }

  /** Leaves out what is not to be kept. */
  retain(isKept: (item: T) => boolean): void {
    this.#items = (this.#items.slice(this.#head) as T[]).filter(isKept);
    this.#head = 0;
  }

  shift(): T | undefined {
    const item = this.#items[this.#head];
    if (this.#head >= this.#items.length) return undefined;
    this.#items[this.#head++] = undefined;
    if (this.#head >= 64 && this.#head * 2 >= this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return item;
  }
}
