import type { HubBatch, NotTaken, PushCarrier, PushListener, PushOutcome } from '../../../src/hub/push/push-carrier.ts';
import type { Failed } from '../../../src/push/push.ts';

/** What becomes of a target: accepted where nothing else was said; `hold`: no outcome until `finish`. */
export type Fate = 'accept' | 'hold' | 'dead' | 'refuse' | 'cancelled';

const failed = (category: Failed['category'], reason: string): Failed => ({
  ...{ kind: 'failed', category, reason, error: reason },
});

const FAILURES: Readonly<Record<Exclude<Fate, 'accept' | 'hold'>, Failed>> = {
  dead: failed('invalid_token', 'Unregistered'),
  refuse: failed('invalid_request', 'BadTopic'),
  cancelled: failed('cancelled', 'NotWanted'),
};

/** A carrier whose providers do as they are told. */
export class ScriptedCarrier implements PushCarrier {
  readonly taken: HubBatch[] = [];
  /** Of a target; default: accept. */
  fates: Record<string, Fate> = {};
  /** What the provider calls what it has accepted, by target; default: nothing. */
  providerIds: Readonly<Record<string, string>> = {};
  /** Batches that its queue has. */
  readonly held = new Set<string>();
  /** Batches are given back. */
  isFull = false;
  platforms: ReadonlySet<string> = new Set(['ios', 'android', 'email', 'sms', 'slack']);
  #listener: PushListener | undefined;
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** `<target>: <message>` of everything that was taken. */
  get sent(): string[] {
    return this.taken.flatMap(({ notification }) =>
      notification.tokens.map((token) => `${token.slice(0, 8)}: ${notification.message}`),
    );
  }

  async send(batches: readonly HubBatch[]): Promise<readonly NotTaken[]> {
    if (this.isFull) return batches.map(({ batch }) => ({ batch, why: 'full', retryAfterMs: 1000 }));
    this.taken.push(...batches);
    for (const batch of batches)
      for (const target of batch.notification.tokens) {
        const fate = this.fates[target] ?? 'accept';
        if (fate !== 'hold') this.finish(batch, target, fate);
      }
    return [];
  }

  finish({ batch, app }: HubBatch, target: string, fate: Exclude<Fate, 'hold'>, late?: PushOutcome['late']): void {
    const providerId = this.providerIds[target];
    const accepted = { kind: 'accepted' as const, ...(providerId === undefined ? {} : { providerId }) };
    const outcome = fate === 'accept' ? accepted : FAILURES[fate];
    this.#listener?.outcomes([
      { batch, app, target, outcome, attempts: 1, at: this.#now(), ...(late === undefined ? {} : { late }) },
    ]);
  }

  /** A target failed for now, and is sent again after a while. */
  retry({ batch, app }: HubBatch, target: string, attempts: number, delayMs: number): void {
    const at = this.#now();
    const busy = failed('unavailable', 'TooManyRequests');
    this.#listener?.retried([{ batch, app, targets: [target], failed: busy, attempts, at, nextAt: at + delayMs }]);
  }

  stillWanted(batch: HubBatch): Promise<readonly boolean[]> {
    const question = { batch: batch.batch, app: batch.app, targets: batch.notification.tokens };
    return (this.#listener as PushListener).stillWanted(question);
  }

  holds(batch: string): boolean {
    return this.held.has(batch);
  }

  listen(listener: PushListener): void {
    this.#listener = listener;
  }

  health() {
    return { status: 'pass' as const };
  }

  can(_app: string, platform: string): boolean {
    return this.platforms.has(platform);
  }

  async close(): Promise<void> {}
}
