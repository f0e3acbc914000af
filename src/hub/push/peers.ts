import { background } from '../../kit/background.ts';
import { needsMartlet } from './peer-request.ts';
import type { CarrierHealth } from './push-carrier.ts';
import type { PushPeer } from './push-peer.ts';

/** The other Gorushes: asks for their health, and takes them in turn. */
export class Peers {
  readonly #peers: readonly PushPeer[];
  readonly #timer: NodeJS.Timeout;
  readonly #first: Promise<unknown>;
  #turn = 0;

  constructor(peers: readonly PushPeer[], healthIntervalMs: number) {
    this.#peers = peers;
    this.#first = this.#check();
    this.#timer = setInterval(() => background(this.#check()), healthIntervalMs);
    this.#timer.unref();
  }

  /** Resolves when each has been asked once. */
  async asked(): Promise<void> {
    await this.#first;
  }

  /** The next one that can be used, is not among those `tried`, and is a Martlet where it has to be. */
  next(tried: ReadonlySet<PushPeer>, needsMartlet: boolean): PushPeer | undefined {
    for (let i = 0; i < this.#peers.length; i++) {
      const peer = this.#peers[(this.#turn + i) % this.#peers.length] as PushPeer;
      if (tried.has(peer) || peer.trouble !== undefined || (needsMartlet && !peer.isMartlet)) continue;
      this.#turn = (this.#turn + i + 1) % this.#peers.length;
      return peer;
    }
    return undefined;
  }

  /** Whether any of them sends to a platform for an app, as far as they have said what they are. */
  serves(app: string, platform: number): boolean {
    return !needsMartlet({ app, platform }) || this.#peers.some(({ isMartlet }) => isMartlet !== false);
  }

  get troubles(): readonly string[] {
    return this.#peers.map(({ trouble }) => trouble).filter((trouble) => trouble !== undefined);
  }

  health(): CarrierHealth {
    const { troubles } = this;
    if (troubles.length === 0) return { status: 'pass' };
    return { status: troubles.length < this.#peers.length ? 'warn' : 'fail', output: troubles.join('; ') };
  }

  close(): void {
    clearInterval(this.#timer);
  }

  async #check(): Promise<void> {
    await Promise.all(this.#peers.map((peer) => peer.check()));
  }
}
