/**
 * Values by the key that they share, in the order in which they came, for keys of which most have one: a `Set` is made for the second
 * only, which spares two hundred bytes a key.
 */
export class Grouped<Value extends object> {
  readonly #groups = new Map<string, Value | Set<Value>>();

  has(key: string): boolean {
    return this.#groups.has(key);
  }

  keys(): MapIterator<string> {
    return this.#groups.keys();
  }

  /** What is there now. */
  of(key: string): readonly Value[] {
    const found = this.#groups.get(key);
    return found === undefined ? [] : found instanceof Set ? [...found] : [found];
  }

  add(key: string, value: Value): void {
    const found = this.#groups.get(key);
    if (found === undefined) this.#groups.set(key, value);
    else if (found instanceof Set) found.add(value);
    else if (found !== value) this.#groups.set(key, new Set([found, value]));
  }

  /** @returns whether it was there */
  delete(key: string, value: Value): boolean {
    const found = this.#groups.get(key);
    if (found instanceof Set) {
      const wasThere = found.delete(value);
      if (found.size === 0) this.#groups.delete(key);
      return wasThere;
    }
    return found === value && this.#groups.delete(key);
  }
}
