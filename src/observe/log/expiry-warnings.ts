import type { Log } from './log.ts';

/** A credential that ends by itself: an APNs certificate. */
export interface CredentialExpiry {
  readonly app: string;
  readonly provider: string;
  /** UNIX milliseconds. */
  readonly expiresAt: number;
}

export interface ExpiryWarningsOptions {
  readonly expiries: () => readonly CredentialExpiry[];
  readonly log: Pick<Log, 'warn' | 'error'>;
  /** UNIX milliseconds. */
  readonly now?: () => number;
  /** Milliseconds between two looks; default an hour. */
  readonly everyMs?: number;
}

const DAY = 24 * 3_600_000;
const HOUR = 3_600_000;
/** Days ahead at which a warning is logged. */
const STEPS = [1, 7, 30];

/** Warns 30, 7 and 1 days before a credential expires, and when it has: once each. Looks at once. */
export function watchExpiries({ expiries, log, now = Date.now, everyMs = HOUR }: ExpiryWarningsOptions) {
  const told = new Map<string, number>();

  const look = (): void => {
    for (const { app, provider, expiresAt } of expiries()) {
      const left = expiresAt - now();
      const step = left <= 0 ? 0 : STEPS.find((days) => left <= days * DAY);
      const name = `${app}/${provider}/${expiresAt}`;
      if (step === undefined || (told.get(name) ?? Number.POSITIVE_INFINITY) <= step) continue;
      told.set(name, step);
      const day = new Date(expiresAt).toISOString();
      if (left <= 0) log.error(`the ${provider} certificate of the app ${app} expired at ${day}: its pushes fail`);
      else if (step === 1) log.error(`the ${provider} certificate of the app ${app} expires within a day, at ${day}`);
      else log.warn(`the ${provider} certificate of the app ${app} expires at ${day}, within ${step} days`);
    }
  };

  look();
  const timer = setInterval(look, everyMs);
  timer.unref();
  return { look, close: () => clearInterval(timer) };
}
