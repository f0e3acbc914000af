import type { PostAnswer, PostResult } from '../../carrier/http-post.ts';
import { jsonObjectIn } from '../../kit/http/answer-form.ts';
import { retryAfterMs } from '../../kit/retry-after.ts';
import type { Failed } from '../../push/push.ts';
import { type PeerAnswer, peerAnswer } from './peer-answer.ts';
import { bodyOf, idempotencyKeyOf, needsMartlet, type PeerRequest } from './peer-request.ts';
import type { Peers } from './peers.ts';
import type { PushPeer } from './push-peer.ts';

/** What became of a request: one Gorush took it, all that could be asked refuse it for what it says, or none took it. */
export type Delivered =
  | { readonly kind: 'taken'; readonly answer: PeerAnswer }
  | { readonly kind: 'refused'; readonly failed: Failed }
  | { readonly kind: 'untaken'; readonly why: string; readonly retryAfterMs: number };

/** How an answer is to be read: the request is at its end, or the next Gorush is asked. */
type Verdict = Exclude<Delivered, { kind: 'untaken' }> | { readonly kind: 'next' };

const NEXT: Verdict = { kind: 'next' };

/** Refuses what it is asked, and would refuse it again: the key, or the address. */
const MISDIRECTED: Readonly<Record<number, string>> = {
  401: 'hub.push.api_key is refused',
  403: 'hub.push.api_key may not push',
  404: 'there is no /api/push',
  405: 'there is no /api/push',
};

/**
 * Brings requests to the other Gorushes: each goes to one of them, and to the next where that one does not answer or takes nothing. One
 * that could not be reached or refused it (503) has surely not sent it; one that did not answer may have.
 */
export class PeerDelivery {
  readonly #peers: Peers;
  readonly #holdMs: number;

  /** @param holdMs how long a Gorush that refuses everything is left alone */
  constructor(peers: Peers, holdMs: number) {
    this.#peers = peers;
    this.#holdMs = holdMs;
  }

  async deliver(request: PeerRequest): Promise<Delivered> {
    await this.#peers.asked();
    const body = bodyOf(request);
    const tried = new Set<PushPeer>();
    for (;;) {
      const peer = this.#peers.next(tried, needsMartlet(request));
      if (!peer) return this.#untaken(request);
      tried.add(peer);
      const headers = peer.isMartlet ? { 'idempotency-key': idempotencyKeyOf(request) } : {};
      const verdict = this.#verdict(peer, await peer.push(body, headers));
      if (verdict.kind !== 'next') return verdict;
    }
  }

  #untaken(request: PeerRequest): Delivered {
    const { troubles } = this.#peers;
    if (!this.#peers.serves(request.app, request.platform)) return { kind: 'refused', failed: GORUSH_CANNOT };
    const why = troubles.length > 0 ? troubles.join('; ') : 'no other Gorush took it';
    return { kind: 'untaken', why, retryAfterMs: this.#holdMs };
  }

  #verdict(peer: PushPeer, result: PostResult): Verdict {
    if ('fault' in result) {
      peer.down(result.fault.message);
      return NEXT;
    }
    const { status } = result;
    if (status >= 200 && status < 300) return this.#taken(peer, result);
    const misdirected = status < 400 ? `it answers ${status}` : MISDIRECTED[status];
    if (misdirected !== undefined) peer.hold(this.#holdMs, misdirected);
    else if (status === 429 || status === 503)
      peer.hold(retryAfterMs(result.headers['retry-after']) ?? this.#holdMs, `it answers ${status}`);
    else if (status >= 500 || status === 408) peer.down(`/api/push answers ${status}`);
    else return { kind: 'refused', failed: refusal(result) };
    return NEXT;
  }

  #taken(peer: PushPeer, { body }: PostAnswer): Verdict {
    const answer = peerAnswer(jsonObjectIn(body));
    if (answer) return { kind: 'taken', answer };
    peer.down('/api/push does not answer like a Gorush');
    return NEXT;
  }
}

const GORUSH_CANNOT: Failed = {
  kind: 'failed',
  category: 'disabled',
  reason: 'PushNotConfigured',
  error: 'the Gorushes of hub.push.urls know neither apps nor this platform: a Martlet does',
};

/** The texts of others may repeat what was sent, so they are left out. */
const refusal = ({ status }: PostAnswer): Failed => ({
  kind: 'failed',
  category: 'invalid_request',
  reason: 'Refused',
  error: `the other Gorush refuses the request: it answers ${status}`,
  status,
});
