/** Of the whole, when there are several apps: what one may hold, and what is kept for all of them in equal parts. */
const SHARE = 0.5;
const KEPT = 0.25;

/**
 * One measure of what waits, divided among apps. With one app the whole is its own. With several, each has a reserve that the
 * others cannot take away, and beyond it a share of the rest: however much one sends, others find room.
 */
export class SharedMeasure {
  readonly #limit: number;
  readonly #apps: () => number;
  readonly #held = new Map<string, number>();
  #reserve = 0;
  #total = 0;
  /** Of the total, what apps hold within their reserves. */
  #reserved = 0;

  constructor(limit: number, apps: () => number) {
    this.#limit = limit;
    this.#apps = apps;
  }

  get total(): number {
    return this.#total;
  }

  of(app: string): number {
    return this.#held.get(app) ?? 0;
  }

  /** @param all what waits, where that is more than is counted here: of an app that is not known */
  fits(app: string, more: number, all = this.#total): boolean {
    if (all === 0) return true;
    const apps = this.#apps();
    if (apps <= 1) return all + more <= this.#limit;
    this.#divide((this.#limit * KEPT) / apps);
    const own = this.of(app);
    if (own + more <= this.#reserve) return true;
    const common = all - this.#reserved;
    const isShare = own === 0 || own + more <= this.#limit * SHARE;
    return isShare && common + more <= this.#limit * (1 - KEPT);
  }

  /** @param more negative: it is settled */
  add(app: string, more: number): void {
    const before = this.of(app);
    const after = before + more;
    this.#total += more;
    this.#reserved += Math.min(after, this.#reserve) - Math.min(before, this.#reserve);
    if (after > 0) this.#held.set(app, after);
    else this.#held.delete(app);
  }

  #divide(reserve: number): void {
    if (reserve === this.#reserve) return;
    this.#reserve = reserve;
    this.#reserved = 0;
    for (const held of this.#held.values()) this.#reserved += Math.min(held, reserve);
  }
}
