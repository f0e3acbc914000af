import { Agent, Dispatcher, ProxyAgent } from 'undici';
import { background } from '../kit/background.ts';

export interface DispatcherOptions {
  /** The proxy's URL for an origin; undefined: the direct way. */
  readonly proxyFor: (origin: string) => string | undefined;
  /** PEM certificates that are trusted, instead of the system's; default: the system's. */
  readonly ca?: readonly string[] | undefined;
}

/** Sends each request straight to its origin or through the origin's proxy. */
class ByOrigin extends Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #direct: Agent;
  readonly #proxied = new Map<string, ProxyAgent>();

  constructor(options: DispatcherOptions) {
    super();
    this.#options = options;
    this.#direct = new Agent({ connect: this.#tls() });
  }

  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    const proxy = this.#options.proxyFor(String(options.origin));
    return (proxy === undefined ? this.#direct : this.#through(proxy)).dispatch(options, handler);
  }

  override close(): Promise<void>;
  override close(done: () => void): void;
  override close(done?: () => void): Promise<void> | undefined {
    return ended(
      this.#all((agent) => agent.close()),
      done,
    );
  }

  override destroy(): Promise<void>;
  override destroy(error: Error | null): Promise<void>;
  override destroy(done: () => void): void;
  override destroy(error: Error | null, done: () => void): void;
  override destroy(first?: Error | null | (() => void), second?: () => void): Promise<void> | undefined {
    const [error, done] = typeof first === 'function' ? [null, first] : [first ?? null, second];
    return ended(
      this.#all((agent) => agent.destroy(error)),
      done,
    );
  }

  #tls(): { ca?: string[] } {
    const { ca } = this.#options;
    return ca ? { ca: [...ca] } : {};
  }

  /** A plain http:// request goes to the proxy as such (RFC 9112 section 3.2.2): many proxies open tunnels to 443 only. */
  #through(uri: string): ProxyAgent {
    let agent = this.#proxied.get(uri);
    if (!agent) {
      agent = new ProxyAgent({ uri, requestTls: this.#tls(), proxyTls: this.#tls(), proxyTunnel: false });
      this.#proxied.set(uri, agent);
    }
    return agent;
  }

  async #all(end: (agent: Agent | ProxyAgent) => Promise<void>): Promise<void> {
    await Promise.all([this.#direct, ...this.#proxied.values()].map(end));
  }
}

function ended(all: Promise<void>, done: (() => void) | undefined): Promise<void> | undefined {
  if (!done) return all;
  background(all.finally(done), () => {});
  return undefined;
}

/** For requests that are not pushes: sign-in, HMS, the feedback hook, ACME. The caller closes it. */
export const createDispatcher = (options: DispatcherOptions): Dispatcher => new ByOrigin(options);
