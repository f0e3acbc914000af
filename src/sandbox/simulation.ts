import type { LeafCertificate } from './certificates.ts';
import type { Checks } from './checks.ts';
import type { Deliveries } from './deliveries.ts';
import type { Steering } from './steering.ts';

/** What all simulated providers of one sandbox share. */
export interface Simulation {
  /** For `localhost` and 127.0.0.1, of the authority that the relay trusts. */
  readonly leaf: LeafCertificate;
  readonly checks: Checks;
  /** Decides by target what becomes of a push. */
  readonly steering: Steering;
  /** Where accepted pushes are recorded. */
  readonly deliveries: Deliveries;
  /** Concurrent streams of an HTTP/2 connection; absent: the provider's own number. */
  readonly maxStreams?: number | undefined;
  /** UNIX milliseconds. */
  readonly now: () => number;
}
