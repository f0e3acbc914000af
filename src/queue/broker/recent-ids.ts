/** Remembers the last so many ids, at least. */
export class RecentIds {
  readonly #most: number;
  #young = new Set<string>();
  #old = new Set<string>();

  constructor(most = 10_000) {
    this.#most = most;
  }

  add(id: string): void {
    this.#young.add(id);
    if (this.#young.size < this.#most) return;
    this.#old = this.#young;
    this.#young = new Set();
  }

  has(id: string): boolean {
    return this.#young.has(id) || this.#old.has(id);
  }
}
