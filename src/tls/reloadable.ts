import { toError } from '../kit/errors.ts';
import { type FileWatch, watchFiles } from '../kit/files/watch-files.ts';
import type { CertificateLog } from './certificate-source.ts';

export interface ReloadableOptions<T> {
  /** Reads and checks everything. @throws when it cannot be used. */
  readonly read: () => T;
  /** What `read` reads, absolute paths. */
  readonly files: readonly string[];
  /** Milliseconds between two looks at the files; default 3,000. */
  readonly watchMs?: number | undefined;
  readonly log: CertificateLog;
}

const WATCH_MS = 3000;

/** Something read from files, and read again when they change; an unusable version is logged, and the current one stays. */
export class Reloadable<T> {
  readonly #options: ReloadableOptions<T>;
  readonly #listeners: ((next: T) => void)[] = [];
  readonly #watch: FileWatch;
  #current: T;
  /** Why it could not be read at the last try. */
  #told: string | undefined;

  /** @throws what `read` throws. */
  constructor(options: ReloadableOptions<T>) {
    this.#options = options;
    // The watch goes first: what is replaced while it is read is noticed.
    this.#watch = watchFiles(options.files, options.watchMs ?? WATCH_MS, () => this.reload());
    try {
      this.#current = options.read();
    } catch (error) {
      this.#watch.close();
      throw error;
    }
  }

  get current(): T {
    return this.#current;
  }

  /** Calls back when what was read differs from what there was, as JSON. */
  onChange(listener: (next: T) => void): void {
    this.#listeners.push(listener);
  }

  /** @returns false when it cannot be read now. */
  reload(): boolean {
    const { read, log } = this.#options;
    let next: T;
    try {
      next = read();
      this.#told = undefined;
    } catch (error) {
      const { message } = toError(error);
      if (message !== this.#told) log.warn(`${message}; what was read before stays in use`);
      this.#told = message;
      return false;
    }
    if (JSON.stringify(next) === JSON.stringify(this.#current)) return true;
    this.#current = next;
    for (const listener of this.#listeners) listener(next);
    return true;
  }

  unwatch(): void {
    this.#watch.close();
  }
}
