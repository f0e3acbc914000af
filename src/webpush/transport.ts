import type { HostRules } from '../carrier/hosts.ts';
import type { Http2Pool } from '../http2/http2-pool.ts';
import { background } from '../kit/background.ts';
import type { Delivery, Failed, PushTransport, Settle, TransportStatus } from '../push/push.ts';
import type { VapidCredential, VapidPair } from './credentials.ts';
import type { EncryptionPool } from './encryption/encryption-pool.ts';
import { OriginSender } from './origin-sender.ts';
import { PairChoice } from './pair-choice.ts';
import { type MessageDefaults, type WebPushMessage, webPushMessage } from './payload.ts';
import { MOST_IN_BATCH } from './push-batch.ts';
import { webPushFailure, webPushFault } from './reasons.ts';
import { parseSubscription, type Subscription } from './subscription.ts';
import type { VapidTokenSource } from './token.ts';

export interface WebPushTransportOptions {
  readonly credential: VapidCredential;
  readonly tokens: VapidTokenSource;
  readonly rules: HostRules;
  readonly defaults: MessageDefaults;
  /** Shared by all transports of the process. */
  readonly encryption: Pick<EncryptionPool, 'encrypt'>;
  /** Makes the connections to an origin; guarded (SSRF). */
  readonly createPool: (origin: string) => Http2Pool;
  /** An origin refuses what a pair signs, and its pushes wait. */
  readonly onPairRefused?: (pair: VapidPair, origin: string, failed: Failed) => void;
  /** UNIX milliseconds. */
  readonly now?: () => number;
}

/** Web Push for one lane: one request for each subscription. Its targets have one origin; should they not, each gets its own pool. */
export const createWebPushTransport = (options: WebPushTransportOptions): PushTransport =>
  new WebPushTransport(options);

/** Origins of a lane; usually it has one. */
const MOST_SENDERS = 32;
/** Pushes that may be under way before a service has said how many streams it allows. */
const ASSUMED = 100;
const CLOSED = webPushFault({ code: 'POOL_CLOSED', processed: 'no', message: 'the relay is shutting down' });
const BLOCKED = webPushFailure('BlockedHost', 'the endpoint is on no host of web.hosts and web.extra_hosts');
const MISMATCH: Failed = {
  ...webPushFailure('KeyMismatch', 'the subscription was made with a VAPID key that is not among web.vapid'),
  sparesLane: true,
};

interface Group {
  readonly sender: OriginSender;
  readonly pair: VapidPair;
  subscriptions: Subscription[];
  places: number[];
}

class WebPushTransport implements PushTransport {
  readonly #options: WebPushTransportOptions;
  readonly #now: () => number;
  readonly #choice: PairChoice;
  readonly #senders = new Map<string, OriginSender>();
  #closed = false;

  constructor(options: WebPushTransportOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#choice = new PairChoice(options.credential);
  }

  send(delivery: Delivery, settle: Settle): void {
    const { notification, targets } = delivery;
    const message = this.#closed
      ? { ok: false as const, outcome: CLOSED }
      : webPushMessage(notification, this.#options.defaults, this.#now());
    if (!message.ok) {
      for (let place = 0; place < targets.length; place++) settle(place, message.outcome);
      return;
    }
    const groups: Group[] = [];
    for (let place = 0; place < targets.length; place++) {
      const failure = this.#add(groups, message, targets[place] as string, place, settle);
      if (failure) settle(place, failure);
    }
    for (const group of groups) flush(group, message, settle);
  }

  /** Puts a target to the others of its origin and pair. @returns why it cannot be sent */
  #add(groups: Group[], message: WebPushMessage, target: string, place: number, settle: Settle): Failed | undefined {
    const read = parseSubscription(target);
    if (!read.ok) {
      const { field, why } = read.mistake;
      return webPushFailure('InvalidSubscription', `the subscription${field === '' ? '' : `'s ${field}`} ${why}`);
    }
    const origin = this.#options.rules.originOf(read.subscription.place);
    if (origin === undefined) return BLOCKED;
    const pair = this.#choice.first(read.subscription);
    if (!pair) return MISMATCH;
    const sender = this.#senderTo(origin);
    let group = groups.find((each) => each.sender === sender && each.pair === pair);
    if (!group) {
      group = { sender, pair, subscriptions: [], places: [] };
      groups.push(group);
    }
    group.subscriptions.push(read.subscription);
    group.places.push(place);
    if (group.places.length >= MOST_IN_BATCH) flush(group, message, settle);
    return undefined;
  }

  /** In the order of use, the longest unused first. */
  #senderTo(origin: string): OriginSender {
    let sender = this.#senders.get(origin);
    this.#senders.delete(origin);
    if (!sender) {
      this.#makeRoom();
      const { createPool, encryption, tokens, onPairRefused = () => {} } = this.#options;
      const common = { encryption, tokens, choice: this.#choice, onPairRefused, now: this.#now };
      sender = new OriginSender({ origin, pool: createPool(origin), ...common });
    }
    this.#senders.set(origin, sender);
    return sender;
  }

  /** Hosts below a suffix are invented by devices: their connections do not stay for ever. */
  #makeRoom(): void {
    if (this.#senders.size < MOST_SENDERS) return;
    for (const [origin, sender] of this.#senders) {
      if (!sender.isIdle) continue;
      this.#senders.delete(origin);
      background(sender.close());
      return;
    }
  }

  status(): TransportStatus {
    let [sessions, inFlight, capacity, heldMs] = [0, 0, 0, 0];
    let lastSuccessAt: number | undefined;
    let output: string | undefined;
    let connections = { connects: 0, connectFailures: 0, goaways: 0, pings: 0 };
    for (const sender of this.#senders.values()) {
      const stats = sender.stats();
      sessions += stats.sessions;
      inFlight += stats.inFlight + stats.waiting;
      capacity += stats.capacity;
      connections = {
        connects: connections.connects + stats.connects,
        connectFailures: connections.connectFailures + stats.connectFailures,
        goaways: connections.goaways + stats.goaways,
        pings: connections.pings + stats.pings,
      };
      heldMs = Math.max(heldMs, sender.heldMs);
      lastSuccessAt = latest(lastSuccessAt, sender.lastSuccessAt);
      output ??= stats.lastError ?? sender.lastFailure?.error;
    }
    return {
      // Never `fail`: an origin is one that a device chose, and says nothing about the others.
      status: output === undefined ? 'pass' : 'warn',
      ...(output === undefined ? {} : { output }),
      sessions,
      inFlight,
      capacity: capacity || ASSUMED,
      connections,
      ...(heldMs > 0 ? { heldMs } : {}),
      ...(lastSuccessAt === undefined ? {} : { lastSuccessAt }),
    };
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#senders.values()].map((sender) => sender.close()));
  }
}

const latest = (one: number | undefined, other: number | undefined): number | undefined =>
  one === undefined || other === undefined ? (one ?? other) : Math.max(one, other);

function flush(group: Group, message: WebPushMessage, settle: Settle): void {
  const { sender, pair, subscriptions, places } = group;
  if (places.length === 0) return;
  group.subscriptions = [];
  group.places = [];
  sender.send({ message, pair, refused: [], subscriptions, places, settle });
}
