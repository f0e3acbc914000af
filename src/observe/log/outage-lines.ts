import type { RelayEvents, Retry } from '../../push/push.ts';

interface Outage {
  saidAt: number;
  /** Retries since the last line. */
  retries: number;
}

type Say = (message: string, fields: Readonly<Record<string, unknown>>) => void;
type Place = Pick<Retry, 'app' | 'provider' | 'environment'>;

const EVERY_MS = 60_000;
const nameOf = ({ app, provider, environment }: Place): string => `${app}/${provider}/${environment}`;

/**
 * A provider that cannot be reached, per app and environment: a line when the first push is put off, one a minute while it lasts, and
 * one when a push gets through again. @param now monotonic milliseconds
 */
export function createOutageLines(
  say: Say,
  now = () => performance.now(),
): Required<Pick<RelayEvents, 'retried' | 'settled'>> {
  const outages = new Map<string, Outage>();
  return {
    retried(retry) {
      const { failed, targets, app, provider, environment } = retry;
      if (failed.category !== 'not_sent' && failed.category !== 'unanswered') return;
      const name = nameOf(retry);
      const outage = outages.get(name) ?? { saidAt: Number.NEGATIVE_INFINITY, retries: 0 };
      outages.set(name, outage);
      outage.retries += targets.length;
      if (now() - outage.saidAt < EVERY_MS) return;
      const { reason, error } = failed;
      say('the provider cannot be reached: pushes wait and are tried again', {
        ...{ app, provider, environment, reason, error },
        retries: outage.retries,
      });
      outage.saidAt = now();
      outage.retries = 0;
    },
    settled({ app, provider, environment, outcomes }) {
      if (outages.size === 0 || !provider || !outcomes.some(({ kind }) => kind === 'accepted')) return;
      if (outages.delete(nameOf({ app, provider, environment })))
        say('the provider can be reached again', { app, provider, environment });
    },
  };
}
