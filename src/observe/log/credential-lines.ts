import { Throttle } from '../../kit/throttle.ts';
import type { Provider, RelayEvents } from '../../push/push.ts';

export interface CredentialLinesOptions {
  readonly error: (message: string, fields: Readonly<Record<string, unknown>>) => void;
  /** What names the credential where people look it up, `key_id`; nothing secret. */
  readonly namesOf: (app: string, provider: Provider) => Readonly<Record<string, string>>;
  /** Monotonic milliseconds. */
  readonly monotonic?: (() => number) | undefined;
}

/** Says that a provider refuses a credential: app, environment, which credential and why; at most once a minute each. */
export function createCredentialLines({
  error,
  namesOf,
  monotonic,
}: CredentialLinesOptions): Required<Pick<RelayEvents, 'settled'>> {
  const throttle = new Throttle(60_000, monotonic);
  return {
    settled({ app, provider, environment, outcomes }) {
      let refused = 0;
      let reason = '';
      // What is the fault of one target alone is in its push line.
      for (const outcome of outcomes)
        if (outcome.kind === 'failed' && outcome.category === 'credential' && !outcome.sparesLane) {
          refused++;
          reason = outcome.reason;
        }
      if (!provider || refused === 0) return;
      throttle.add(`${app}/${provider}/${environment}`, refused, (pushes) =>
        error('the provider refuses our credential: pushes fail until it is replaced', {
          ...{ app, provider, environment },
          ...namesOf(app, provider),
          ...{ reason, pushes },
        }),
      );
    },
  };
}
