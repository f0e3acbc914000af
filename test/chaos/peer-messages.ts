/** What the test tells the process that plays the world around the relay, and what it hears back. */

/** How one of the simulated servers behaves from now on. Probabilities are of each request. */
export interface Behaviour {
  /** Milliseconds until an answer; default 0. */
  readonly latencyMs?: number;
  /** RST_STREAM with REFUSED_STREAM, unprocessed. */
  readonly refuse?: number;
  /** RST_STREAM with INTERNAL_ERROR, unprocessed, though nobody can know that. */
  readonly reset?: number;
  /** 403 InvalidProviderToken, of APNs. */
  readonly deny?: boolean;
  /** Arrives, and is answered as soon as the server behaves otherwise. */
  readonly hold?: boolean;
  /** Accepted and never answered. */
  readonly mute?: number;
  /** A GOAWAY after each so many requests of a connection: what is behind it is unprocessed. */
  readonly goAwayEvery?: number;
  readonly goAwayCode?: number;
  /** Open streams that a connection may have. */
  readonly maxStreams?: number;
}

export type HookBehaviour = 'fine' | 'hang' | 'fail';

export type PeerCommand =
  | { readonly kind: 'behave'; readonly server: 'apns' | 'fcm'; readonly behaviour: Behaviour }
  | { readonly kind: 'hook'; readonly behaviour: HookBehaviour }
  /** Closes the port of APNs and cuts its connections, or opens it again. */
  | { readonly kind: 'port'; readonly open: boolean }
  | { readonly kind: 'read' };

export interface PeerCounts {
  /** Answers 200 by APNs and FCM, by number of the target. */
  readonly delivered: Uint8Array;
  /** Calls of the hook that were answered 200. */
  readonly reported: Uint8Array;
  readonly deliveredTotal: number;
  readonly reportedTotal: number;
  readonly connections: number;
  readonly goAways: number;
  /** Milliseconds since the epoch at which an APNs push arrived, by number of the target. */
  readonly arrivedAt: Float64Array;
}

export interface PeerAddresses {
  readonly apns: string;
  readonly apnsPort: number;
  readonly fcm: string;
  readonly oauth: string;
  readonly hook: string;
}
