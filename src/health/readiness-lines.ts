import type { Readiness } from './ready.ts';

export interface ReadinessLinesOptions {
  readonly ready: () => Readiness;
  readonly warn: (message: string, fields: Readonly<Record<string, unknown>>) => void;
  /** Monotonic milliseconds. */
  readonly now?: () => number;
  /** Milliseconds between two looks; default 5,000. */
  readonly everyMs?: number;
}

const EVERY_MS = 5000;
/** Of a thousand apps all may fail alike. */
const MOST_CHECKS = 10;

/**
 * Says when /readyz turns 503, with the checks that fail, and when it answers 200 again: a balancer that takes the instance out does not
 * tell it. It is ready at the start until a look finds otherwise. The end of the process is no change.
 */
export class ReadinessLines {
  readonly #options: ReadinessLinesOptions;
  readonly #now: () => number;
  readonly #timer: NodeJS.Timeout;
  #unreadySince: number | undefined;

  constructor(options: ReadinessLinesOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
    this.#timer = setInterval(() => this.look(), options.everyMs ?? EVERY_MS);
    this.#timer.unref();
  }

  look(): void {
    const { status, body } = this.#options.ready();
    const since = this.#unreadySince;
    if (status === 200 && since !== undefined) {
      this.#unreadySince = undefined;
      const seconds = Math.round((this.#now() - since) / 1000);
      this.#options.warn('ready again: /readyz answers 200', { seconds });
    } else if (status !== 200 && since === undefined) {
      this.#unreadySince = this.#now();
      const failing = body.checks.filter((check) => check.status === 'fail');
      const why = failing.slice(0, MOST_CHECKS).map(({ name, output }) => (output ? `${name}: ${output}` : name));
      const more = failing.length - why.length;
      const checks = [...why, ...(more > 0 ? [`and ${more} more`] : [])].join('; ');
      this.#options.warn('not ready: /readyz answers 503', { checks });
    }
  }

  close(): void {
    clearInterval(this.#timer);
  }
}
