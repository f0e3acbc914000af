import { randomUUID } from 'node:crypto';
import { background } from '../../kit/background.ts';
import type { ProviderTable } from '../../providers/registry.ts';
import type { JsonObject, Notification } from '../../push/push.ts';
import type { HubBatch, PushCarrier, PushOutcome, PushQuestion } from '../push/push-carrier.ts';
import { directBatch } from './direct-batch.ts';
import { directPayload, isEmptyAlert } from './direct-payload.ts';
import { type DirectPush, type DirectWay, providerName } from './direct-push.ts';
import type { DirectTarget } from './direct-target.ts';

/** What became of a push for one target. */
export interface DirectResult {
  readonly device_id: string;
  readonly provider: string;
  readonly success: boolean;
  /** Of the provider's answer; 0: there was none. */
  readonly http_status: number;
  /** Never empty on failure; `Pending`: it is still being tried. */
  readonly reason?: string;
  readonly message?: string;
  /** True: the token is dead. */
  readonly unregistered: boolean;
}

/** A dead or refused target, to be acted on. */
export type EndedDirect = Pick<PushOutcome, 'app' | 'batch' | 'target' | 'outcome' | 'at' | 'late'>;

export interface DirectSendsOptions {
  /** Of batches that begin with `DIRECT`. */
  readonly carrier: PushCarrier;
  readonly providers: ProviderTable;
  /** `apns-topic` of an app; empty: none is known. */
  readonly topicOf: (app: string) => string;
  /** Hears of every outcome, also of those that no request waits for any more. What it returns is waited for before the answer. */
  readonly ended: (outcomes: readonly EndedDirect[]) => Promise<void> | undefined;
  /** Whether targets that waited are still to be sent to. Rejects: it cannot be said now. */
  readonly stillWanted: (question: PushQuestion) => Promise<readonly boolean[]>;
  /** UNIX milliseconds. */
  readonly now: () => number;
  readonly newId?: () => string;
}

/** One batch whose outcomes someone waits for. */
interface Waiting {
  readonly outcomes: Map<string, PushOutcome['outcome']>;
  readonly size: number;
  /** What they say of tokens is being noted: the next push is to find it. */
  noting: Promise<unknown> | undefined;
  readonly done: () => void;
}

const PENDING = 'Pending';
const NEVER_SENT: ReadonlySet<string> = new Set(['UnknownProvider', 'EmptyContent', 'NotTaken']);

/** Nothing of it has left, and nothing will. */
export const wasNotSent = ({ reason = '' }: DirectResult): boolean => NEVER_SENT.has(reason);

/** Pushes that leave at once, to devices that are known by their tokens, and what became of each. */
export class DirectSends {
  readonly #options: DirectSendsOptions;
  readonly #waiting = new Map<string, Waiting>();

  constructor(options: DirectSendsOptions) {
    this.#options = options;
    options.carrier.listen({
      outcomes: (outcomes) => this.#outcomes(outcomes),
      retried: () => {},
      stillWanted: options.stillWanted,
    });
  }

  /** Whether anything can be sent for the app at all. */
  isConfigured(app: string): boolean {
    const { carrier, providers } = this.#options;
    return providers.rows.some(({ devices, platform }) => devices !== undefined && carrier.can(app, platform));
  }

  /**
   * Sends a push to each target.
   * @param about whose they are, for `stillWanted`: letters, digits, `-`, `_`
   * @param waitMs how long to wait for outcomes; what has none then is `Pending`, and goes on
   */
  async send(
    { app, about, push, waitMs }: { app: string; about: string; push: DirectPush; waitMs: number },
    targets: readonly DirectTarget[],
  ): Promise<readonly DirectResult[]> {
    const refused = new Map(targets.flatMap((target) => this.#refusal(app, push, target)));
    const groups = Map.groupBy(
      targets.filter(({ id }) => !refused.has(id)),
      ({ platform, kind, environment, isSuspect = false }) => JSON.stringify([platform, kind, environment, isSuspect]),
    );
    const sent = await Promise.all(
      [...groups.values()].map((group) => this.#sendGroup(app, about, push, group, waitMs)),
    );
    const known = new Map([...refused, ...sent.flat()]);
    return targets.map(({ id }) => known.get(id) as DirectResult);
  }

  #refusal(app: string, push: DirectPush, target: DirectTarget): [string, DirectResult][] {
    const fail = (reason: string, message: string): [string, DirectResult][] => [
      [target.id, { ...failure(target, 0, reason), message }],
    ];
    if (!this.#options.carrier.can(app, target.platform))
      return fail('UnknownProvider', `the app has no credential for ${providerName(target)}`);
    if (target.platform === 'ios' && target.kind !== 'voip' && isEmptyAlert(push))
      return fail('EmptyContent', 'an alert needs a title, a body, a badge, a sound or content_available');
    return [];
  }

  async #sendGroup(
    app: string,
    about: string,
    push: DirectPush,
    group: readonly DirectTarget[],
    waitMs: number,
  ): Promise<[string, DirectResult][]> {
    const { carrier, newId = randomUUID } = this.#options;
    const [way] = group as readonly [DirectTarget];
    const { platform, isSuspect = false } = way;
    const name = directBatch({ platform, about, sentAt: this.#options.now(), isSuspect }, newId());
    const batch = this.#batch(app, name, push, way, group);
    const { promise, resolve: done } = Promise.withResolvers<void>();
    const waiting: Waiting = { outcomes: new Map(), size: group.length, noting: undefined, done };
    this.#waiting.set(name, waiting);
    const [notTaken] = await carrier.send([batch]);
    if (!notTaken && waitMs > 0) await Promise.race([promise, pause(waitMs, promise)]);
    this.#waiting.delete(name);
    return group.map((target) => [
      target.id,
      notTaken
        ? { ...failure(target, 0, 'NotTaken'), message: notTaken.why }
        : resultOf(target, waiting.outcomes.get(target.target)),
    ]);
  }

  #batch(app: string, batch: string, push: DirectPush, way: DirectWay, group: readonly DirectTarget[]): HubBatch {
    const { providers, topicOf, now } = this.#options;
    const row = providers.ofPlatform(way.platform);
    const fields: JsonObject = {
      ...directPayload(push, way, topicOf(app), now()),
      platform: row?.number as number,
      tokens: group.map(({ target }) => target),
    };
    const expiresAt = push.ttlMs === undefined ? {} : { expiresAt: now() + push.ttlMs };
    return { batch, app, notification: decoded(providers, fields), ...expiresAt };
  }

  #outcomes(outcomes: readonly PushOutcome[]): void {
    const heard = new Set<Waiting>();
    for (const { batch, target, outcome, late } of outcomes) {
      const waiting = this.#waiting.get(batch);
      if (!waiting || late) continue;
      waiting.outcomes.set(target, outcome);
      heard.add(waiting);
    }
    const noting = this.#options.ended(outcomes);
    for (const waiting of heard) {
      if (noting) waiting.noting = waiting.noting ? Promise.all([waiting.noting, noting]) : noting;
      if (waiting.outcomes.size < waiting.size) continue;
      if (waiting.noting) background(waiting.noting.then(waiting.done));
      else waiting.done();
    }
  }
}

/** Checked and named as what comes by /api/push. */
function decoded(providers: ProviderTable, fields: JsonObject): Notification {
  const result = providers.decoder.decode(JSON.stringify({ notifications: [fields] }));
  if (!result.ok) throw new Error('a push of the hub is not of the form of /api/push');
  return result.notifications[0] as Notification;
}

/** Without holding up the process, or going on when the outcomes are there. */
function pause(ms: number, until: Promise<void>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  return Promise.race([promise, until]).finally(() => clearTimeout(timer));
}

const failure = (target: DirectTarget, http_status: number, reason: string): DirectResult => ({
  device_id: target.id,
  provider: providerName(target),
  success: false,
  http_status,
  reason,
  unregistered: false,
});

const OK = 200;

function resultOf(target: DirectTarget, outcome: PushOutcome['outcome'] | undefined): DirectResult {
  if (!outcome) return { ...failure(target, 0, PENDING), message: 'it is still being tried' };
  if (outcome.kind === 'accepted') {
    const { reason: _, ...rest } = failure(target, OK, '');
    return { ...rest, success: true };
  }
  const { status = 0, reason, error, category } = outcome;
  return {
    ...failure(target, status, reason || category),
    ...(error ? { message: error } : {}),
    unregistered: category === 'invalid_token',
  };
}
