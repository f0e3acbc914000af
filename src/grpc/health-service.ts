import type { Buffer } from 'node:buffer';
import { type ServerWritableStream, status } from '@grpc/grpc-js';
import { addressOf } from './gate.ts';
import { RpcError } from './rpc-error.ts';

/** HealthCheckResponse.ServingStatus, of grpc.health.v1 and of Gorush. */
export const SERVING = 1;
const NOT_SERVING = 2;
const SERVICE_UNKNOWN = 3;

export interface HealthServiceOptions {
  readonly ready: () => boolean;
  /** Services that share the server's readiness; the empty name is the server itself. */
  readonly services: readonly string[];
  /** Milliseconds between looks at `ready` while someone watches. */
  readonly pollMs: number;
  /** Watchers at a time, of all clients and of one address; default 1,000 and 100. */
  readonly maxWatchers?: number;
  readonly maxOfAddress?: number;
}

type WatchStream = ServerWritableStream<Buffer, object>;

interface Watcher {
  readonly service: string;
  readonly address: string;
  told: number;
}

/** grpc.health.v1.Health: readiness, as /readyz tells it. Looks at `ready` when asked, and regularly while someone watches. */
export class HealthService {
  readonly #options: HealthServiceOptions;
  /** The last status sent to each watcher. */
  readonly #watchers = new Map<WatchStream, Watcher>();
  readonly #byAddress = new Map<string, number>();
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: HealthServiceOptions) {
    this.#options = options;
  }

  check(service: string): { status: number } {
    const current = this.#statusOf(service);
    if (current === SERVICE_UNKNOWN) throw new RpcError('not_found', 'unknown service');
    return { status: current };
  }

  list(): { statuses: Record<string, { status: number }> } {
    return { statuses: Object.fromEntries(this.#options.services.map((service) => [service, this.check(service)])) };
  }

  /**
   * Tells the status now, and again whenever it changes, until the watcher leaves or the server closes.
   * @throws RpcError when there are too many: watching needs no key, and each holds its connection
   */
  watch(service: string, stream: WatchStream): void {
    const address = addressOf(stream) ?? '';
    this.#count(address);
    const told = this.#statusOf(service);
    stream.write({ status: told });
    this.#watchers.set(stream, { service, address, told });
    stream.once('cancelled', () => this.#forget(stream));
    stream.once('close', () => this.#forget(stream));
    if (this.#closed) this.#dismiss();
    else this.#timer ??= setInterval(() => this.#look(), this.#options.pollMs).unref();
  }

  /** Not serving from now on. Watchers get that and their streams end: they would keep the server from closing. */
  close(): void {
    this.#closed = true;
    this.#look();
    this.#dismiss();
  }

  #count(address: string): void {
    const { maxWatchers = 1000, maxOfAddress = 100 } = this.#options;
    const own = this.#byAddress.get(address) ?? 0;
    if (this.#watchers.size >= maxWatchers || own >= maxOfAddress)
      throw new RpcError('too_many_requests', 'as many watch as may; use Check');
    this.#byAddress.set(address, own + 1);
  }

  #statusOf(service: string): number {
    if (!this.#options.services.includes(service)) return SERVICE_UNKNOWN;
    return !this.#closed && this.#options.ready() ? SERVING : NOT_SERVING;
  }

  #look(): void {
    for (const [stream, watcher] of this.#watchers) {
      const current = this.#statusOf(watcher.service);
      if (current === watcher.told) continue;
      watcher.told = current;
      stream.write({ status: current });
    }
  }

  #dismiss(): void {
    for (const stream of [...this.#watchers.keys()]) {
      stream.emit('error', { code: status.UNAVAILABLE, details: 'the server is shutting down' });
      this.#forget(stream);
    }
  }

  #forget(stream: WatchStream): void {
    const watcher = this.#watchers.get(stream);
    if (!watcher) return;
    this.#watchers.delete(stream);
    const left = (this.#byAddress.get(watcher.address) ?? 0) - 1;
    if (left > 0) this.#byAddress.set(watcher.address, left);
    else this.#byAddress.delete(watcher.address);
    if (this.#watchers.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
