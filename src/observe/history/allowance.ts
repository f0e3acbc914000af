import { SharedMeasure } from '../../kit/shares/shared-measure.ts';

/** How many rows may be written in a second, divided among apps: what fails by the thousand at one is no reason to tell less of another. */
export class Allowance {
  readonly #perSecond: number;
  readonly #apps: () => number;
  #used: SharedMeasure;

  constructor(perSecond: number, apps: () => number) {
    this.#perSecond = perSecond;
    this.#apps = apps;
    this.#used = new SharedMeasure(perSecond, apps);
  }

  /** A second has passed. */
  renew(): void {
    if (this.#used.total > 0) this.#used = new SharedMeasure(this.#perSecond, this.#apps);
  }

  hasRoom(app: string): boolean {
    return this.#perSecond > 0 && this.#used.fits(app, 1);
  }

  take(app: string, rows = 1): void {
    this.#used.add(app, rows);
  }
}
