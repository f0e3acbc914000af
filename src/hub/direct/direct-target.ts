import type { DirectWay } from './direct-push.ts';

/** Where one push goes. */
export interface DirectTarget extends DirectWay {
  /** What results name it by. */
  readonly id: string;
  /** The token, or a subscription's JSON. A secret. */
  readonly target: string;
  /** Its provider had called it dead, which was not believed. */
  readonly isSuspect?: boolean;
}

/** A token, and which provider it is for. */
export interface DirectWayOfToken {
  readonly platform: string;
  readonly kind: string;
  readonly token: string;
}
