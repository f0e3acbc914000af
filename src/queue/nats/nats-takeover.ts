import type { NatsConnection } from '@nats-io/transport-node';
import { background } from '../../kit/background.ts';
import { toSeconds } from '../../kit/seconds.ts';
import { instancesOn, waitFor } from './nats-instances.ts';
import type { NatsStream } from './nats-stream.ts';

export interface NatsTakeoverOptions {
  readonly stream: Pick<NatsStream, 'ackWaitMs' | 'setAckWait'>;
  /** What all instances listen to, those of before as well. */
  readonly subject: string;
  readonly leaseMs: number;
  readonly claimMs: number;
  readonly tell: (level: 'warn', message: string) => void;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

const LOOK_MS = 10_000;
/** What is taken over within a second is one line. */
const TELL_MS = 1000;
/** An instance that lost its connection has so long to come back: the longest pause of its client, and a little more. */
const PATIENCE_MS = 6000;

/**
 * The server hands a message out again that it has heard nothing of for the consumer's `ack_wait`: the lease, unless there are instances that
 * need longer. After an outage all that was under way is due at once, so it is left for a while to those that had it.
 */
export class NatsTakeover {
  readonly #options: NatsTakeoverOptions;
  #nc: NatsConnection | undefined;
  #timer: NodeJS.Timeout | undefined;
  #telling: NodeJS.Timeout | undefined;
  #instances = new Set<string>();
  #taken = 0;
  #patientUntil = Number.NEGATIVE_INFINITY;
  #isBlind = false;

  constructor(options: NatsTakeoverOptions) {
    this.#options = options;
  }

  /** @param wasAway the others may have lost their connections, too */
  connected(nc: NatsConnection, wasAway: boolean): void {
    this.#nc = nc;
    if (wasAway) this.patience(PATIENCE_MS);
    this.#timer ??= setInterval(() => background(this.look(), () => {}), LOOK_MS).unref();
    background(this.look(), () => {});
  }

  /** For so long what comes again is left to those that had it. */
  patience(ms: number): void {
    this.#patientUntil = Math.max(this.#patientUntil, this.#options.now() + ms);
  }

  get isPatient(): boolean {
    return this.#options.now() < this.#patientUntil;
  }

  /** An instance died with a message that is here now. */
  took(): void {
    this.#taken++;
    this.#telling ??= setTimeout(() => background(this.#say(), () => {}), TELL_MS).unref();
  }

  close(): void {
    clearInterval(this.#timer);
    clearTimeout(this.#telling);
  }

  /** Has the server wait as long as the instances need that are there. @returns those that are there no more */
  async look(): Promise<string[]> {
    const { stream, subject, claimMs, leaseMs, tell } = this.#options;
    const names = this.#nc && (await instancesOn(this.#nc, subject));
    const waitMs = await stream.ackWaitMs();
    if (!names) {
      if (waitMs > leaseMs && !this.#isBlind)
        tell('warn', `cannot see which instances there are, what one leaves behind waits ${toSeconds(waitMs)} s`);
      this.#isBlind = true;
      return [];
    }
    const wanted = waitFor(names, claimMs);
    if (wanted !== waitMs) await stream.setAckWait(wanted);
    const there = new Set(names);
    const gone = [...this.#instances.difference(there)];
    this.#instances = there;
    return gone;
  }

  async #say(): Promise<void> {
    const gone = await this.look().catch(() => []);
    const whose = gone.length > 0 ? `${gone.join(' or ')}, which is gone` : 'an instance that went silent';
    this.#options.tell('warn', `took over ${this.#taken} messages of ${whose}`);
    this.#taken = 0;
    this.#telling = undefined;
  }
}
