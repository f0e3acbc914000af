import { onceATurn } from '../../kit/once-a-turn.ts';
import type { AppInUse } from './app-in-use.ts';
import type { AppsInUse } from './apps-in-use.ts';

export interface ConnectionCacheOptions {
  readonly apps: AppsInUse;
  /** Apps whose connections stay open (`apps.cache`). The default app does not count. */
  readonly size: number;
  /** Frees the memory of an app that holds no connections, unless pushes wait for it. */
  readonly free: (app: AppInUse) => void;
}

/**
 * Closes the connections of the apps used longest ago when more than `size` apps hold some. Thousands of apps would otherwise
 * hold sockets and TLS state for pushes that come once a day; the price is a handshake when such a push comes. Apps with pushes
 * under way are passed over until they are idle.
 */
export class ConnectionCache {
  readonly #options: ConnectionCacheOptions;
  /** More apps hold connections than may, since those longest unused were busy. */
  #overfull = false;
  /** Once for all apps that open connections in one turn of the event loop: it looks at each app in use. */
  readonly #plan = onceATurn(() => this.#trim());

  constructor(options: ConnectionCacheOptions) {
    this.#options = options;
  }

  /** Pushes of an app go out. */
  used(app: string): void {
    this.#options.apps.touch(app);
  }

  /** An app has opened connections. */
  opened(): void {
    this.#plan();
  }

  /** An app has nothing under way any more. */
  idle(): void {
    if (this.#overfull) this.#plan();
  }

  #trim(): void {
    const { apps, size, free } = this.#options;
    const others = [...apps].filter((app) => app !== apps.default);
    let over = others.filter((app) => app.isOpen).length - size;
    for (const app of others) {
      if (app.isOpen) {
        if (over <= 0 || !app.release()) continue;
        over--;
      } else if (others.length <= size) continue;
      free(app);
    }
    this.#overfull = over > 0;
  }
}
