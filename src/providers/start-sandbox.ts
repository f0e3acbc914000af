import type { SimulatedProvider } from '../carrier/provider-row.ts';
import { makeAuthority } from '../sandbox/certificates.ts';
import { allChecks, type Checks } from '../sandbox/checks.ts';
import { type ArrivedPush, Deliveries } from '../sandbox/deliveries.ts';
import { type Answer, Steering } from '../sandbox/steering.ts';
import { builtIn, type ProviderTable } from './registry.ts';

export interface SandboxOptions {
  /** Default: those of this version. */
  readonly providers?: ProviderTable;
  /** Checks to switch off; all are on. */
  readonly checks?: Partial<Checks>;
  /** Concurrent streams of an HTTP/2 connection; default 1000 for APNs, 100 for FCM. */
  readonly maxStreams?: number;
  /** How many deliveries are remembered; default 1000. */
  readonly remember?: number;
  readonly now?: () => number;
}

/** Simulated providers on loopback, all of the table. */
export interface Sandbox {
  /** PEM of the authority that signed the servers' certificates. */
  readonly ca: string;
  /** By the name of the platform: where it is, and the credential that it takes. */
  readonly providers: ReadonlyMap<string, SimulatedProvider>;
  /** The last pushes that arrived, oldest first. */
  deliveries(): ArrivedPush[];
  /** How many pushes have arrived since the start. */
  delivered(): number;
  /** The next pushes to this token or topic get these answers in turn; the last one stays. */
  script(target: string, ...answers: Answer[]): void;
  /** The next pushes to any target get these answers in turn; the last one stays. Without answers each is treated as it says itself. */
  scriptAll(...answers: Answer[]): void;
  /** Ends at once, whatever is under way. */
  close(): Promise<void>;
}

/**
 * Starts the simulated providers on free ports of loopback. They check what the real ones check and answer in their words; targets
 * steer them (docs/sandbox.md). Keys and certificates live as long as it.
 */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const { providers = builtIn, maxStreams, remember, now = Date.now } = options;
  const authority = makeAuthority();
  const deliveries = new Deliveries(remember);
  const steering = new Steering();
  const simulation = {
    leaf: authority.leaf(['localhost', '127.0.0.1']),
    checks: { ...allChecks, ...options.checks },
    steering,
    deliveries,
    maxStreams,
    now,
  };
  const simulated = new Map(
    await Promise.all(providers.rows.map(async (row) => [row.platform, await row.simulate(simulation)] as const)),
  );
  return {
    ca: authority.ca,
    providers: simulated,
    deliveries: () => deliveries.list(),
    delivered: () => deliveries.total,
    script: (target, ...answers) => steering.script(target, ...answers),
    scriptAll: (...answers) => steering.scriptAll(...answers),
    async close() {
      await Promise.all([...simulated.values()].map((provider) => provider.close()));
    },
  };
}
