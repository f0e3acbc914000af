interface Owner {
  cost: number;
  /** In order of age. */
  readonly keys: Set<string>;
}

interface Kept<T> {
  readonly value: T;
  readonly owner: string;
  readonly at: number;
  cost: number;
}

/**
 * Values by key that are remembered as long as there is room for them, counted in what they cost. Where there is too little,
 * the oldest value of one of those goes who hold more than an equal part: however much one owner brings, the others keep theirs.
 */
export class FairMemory<T> {
  readonly #maxCost: number;
  readonly #kept = new Map<string, Kept<T>>();
  readonly #owners = new Map<string, Owner>();
  /** Goes round the owners, so that looking for one who holds too much takes constant time on the average. */
  #round: MapIterator<Owner> | undefined;
  #looked: Owner | undefined;
  #cost = 0;

  constructor(maxCost: number) {
    this.#maxCost = maxCost;
  }

  get cost(): number {
    return this.#cost;
  }

  get size(): number {
    return this.#kept.size;
  }

  get(key: string): T | undefined {
    return this.#kept.get(key)?.value;
  }

  /** Replaces what has the key. @param at the time, which never goes back */
  set(
    key: string,
    kept: { readonly value: T; readonly owner: string; readonly cost: number; readonly at: number },
  ): void {
    this.delete(key);
    this.#kept.set(key, { ...kept, cost: 0 });
    this.#ownerOf(kept.owner).keys.add(key);
    this.grow(key, kept.cost);
  }

  /** What is remembered under the key costs more. */
  grow(key: string, more: number): void {
    const kept = this.#kept.get(key);
    if (!kept) return;
    kept.cost += more;
    this.#cost += more;
    const owner = this.#ownerOf(kept.owner);
    owner.cost += more;
    while (this.#cost > this.#maxCost) this.#forgetOldest(this.#largeOwner(owner));
  }

  delete(key: string): void {
    const kept = this.#kept.get(key);
    if (!kept) return;
    this.#kept.delete(key);
    this.#cost -= kept.cost;
    const owner = this.#ownerOf(kept.owner);
    owner.cost -= kept.cost;
    owner.keys.delete(key);
    if (owner.keys.size === 0) this.#owners.delete(kept.owner);
  }

  /** Forgets what is older. */
  expire(before: number): void {
    for (const [key, { at }] of this.#kept) {
      if (at >= before) return;
      this.delete(key);
    }
  }

  #ownerOf(name: string): Owner {
    let owner = this.#owners.get(name);
    if (!owner) {
      owner = { cost: 0, keys: new Set() };
      this.#owners.set(name, owner);
    }
    return owner;
  }

  /** One who holds more than an equal part; there is one, as all together hold too much. */
  #largeOwner(first: Owner): Owner {
    const part = this.#maxCost / this.#owners.size;
    if (first.cost > part) return first;
    while (!this.#looked || this.#looked.cost <= part) {
      this.#round ??= this.#owners.values();
      this.#looked = this.#round.next().value;
      if (!this.#looked) this.#round = undefined;
    }
    return this.#looked;
  }

  #forgetOldest(owner: Owner): void {
    const [oldest] = owner.keys;
    this.delete(oldest as string);
  }
}
