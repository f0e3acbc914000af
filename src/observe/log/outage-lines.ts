import { background } from '../../kit/background.ts';
import type { Failed } from '../../push/push.ts';

/** Where pushes of an app go, as far as outages are concerned. */
export interface LanePlace {
  readonly app: string;
  readonly provider: string;
  readonly environment: string;
  /** Of a provider with parts, what the part is called. */
  readonly part?: string | undefined;
  /** `host[:port]` of the provider; absent where each push names its own. */
  readonly host?: string | undefined;
  /** The last failure; undefined: the provider answers, or has not been asked. */
  readonly trouble: Failed | undefined;
  readonly breaker: 'closed' | 'open' | 'half-open';
  /** Pushes that wait for their turn or for a retry. */
  waiting(): number;
}

export interface OutageLinesOptions {
  /** All that there are. */
  readonly lanes: () => Iterable<LanePlace>;
  readonly warn: (message: string, fields: Readonly<Record<string, unknown>>) => void;
  /** Monotonic milliseconds. */
  readonly now?: () => number;
  /** Milliseconds between two looks while anything is in trouble; default 1,000. */
  readonly everyMs?: number;
}

interface Outage {
  readonly since: number;
  isSaid: boolean;
  /** It was said that the breaker is open. */
  saidOpen: boolean;
}

/** Monotonic milliseconds of the last lines about a name, of this outage or an earlier one. */
interface SaidAt {
  any: number;
  open: number;
}

/** Lanes of one name, as one. */
interface Trouble {
  readonly place: LanePlace;
  readonly failed: Failed;
  readonly breaker: LanePlace['breaker'];
  readonly waiting: number;
}

const AGAIN_MS = 60_000;
const LONGEST_CAUSE = 500;

const nameOf = ({ app, provider, environment, part }: LanePlace): string =>
  [app, provider, environment, part].filter((each) => each !== undefined).join('/');

const whoOf = ({ app, provider, environment, part, host }: LanePlace) => ({
  ...{ app, provider, environment },
  ...(part === undefined ? {} : { part }),
  ...(host === undefined ? {} : { host }),
});

/** A credential that is refused is an error of its own (credential-lines.ts), until it opens the breaker. */
const isOutage = (failed: Failed, breaker: LanePlace['breaker']): boolean =>
  failed.category !== 'credential' || breaker !== 'closed';

function whatOf({ category, reason }: Failed): string {
  if (category === 'credential') return 'the provider refuses our credential';
  if (reason === 'CredentialUnusable') return 'the credential cannot be used';
  return category === 'unanswered' ? 'the provider does not answer' : 'the provider cannot be reached';
}

/**
 * Outages as lines, per app, provider and environment: when the first connection fails, when the breaker opens, once a minute while
 * it lasts, and when the provider answers again; of one that comes and goes no more than that each minute. States: at rest, without a timer → (`poke`) watching, with one → at rest when nothing
 * is in trouble; closed.
 */
export class OutageLines {
  readonly #options: OutageLinesOptions;
  readonly #now: () => number;
  readonly #outages = new Map<string, Outage>();
  /** Kept for a minute: a provider that comes and goes must not fill the log. */
  readonly #said = new Map<string, SaidAt>();
  #timer: NodeJS.Timeout | undefined;
  #poked = false;
  #closed = false;

  constructor(options: OutageLinesOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
  }

  /** A lane is in trouble, or in deeper trouble, than a moment ago: looks in the next turn. */
  poke(): void {
    if (this.#poked || this.#closed) return;
    this.#poked = true;
    background(Promise.resolve().then(() => this.look()));
  }

  look(): void {
    this.#poked = false;
    if (this.#closed) return;
    const { troubles, names } = this.#sorted();
    for (const [name, trouble] of troubles) this.#told(name, trouble);
    for (const [name, { since, isSaid }] of this.#outages) {
      if (troubles.has(name)) continue;
      this.#outages.delete(name);
      const place = names.get(name);
      // One that is gone with its app says nothing about the provider.
      if (place && isSaid)
        this.#options.warn('the provider answers again', {
          ...whoOf(place),
          seconds: Math.round((this.#now() - since) / 1000),
          waiting: place.waiting(),
        });
    }
    for (const [name, { any }] of this.#said) if (this.#now() - any >= AGAIN_MS) this.#said.delete(name);
    this.#watch(this.#outages.size > 0);
  }

  close(): void {
    this.#closed = true;
    this.#watch(false);
  }

  #sorted() {
    const troubles = new Map<string, Trouble>();
    const names = new Map<string, LanePlace>();
    for (const place of this.#options.lanes()) {
      const { trouble: failed, breaker } = place;
      const name = nameOf(place);
      names.set(name, place);
      if (!failed || !isOutage(failed, breaker)) continue;
      const other = troubles.get(name);
      troubles.set(name, {
        ...{ place, failed },
        breaker: other?.breaker === 'open' ? 'open' : breaker,
        waiting: (other?.waiting ?? 0) + place.waiting(),
      });
    }
    return { troubles, names };
  }

  #told(name: string, { place, failed, breaker, waiting }: Trouble): void {
    const now = this.#now();
    const outage = this.#outages.get(name) ?? { since: now, isSaid: false, saidOpen: false };
    this.#outages.set(name, outage);
    const said = this.#said.get(name) ?? { any: Number.NEGATIVE_INFINITY, open: Number.NEGATIVE_INFINITY };
    const isOpen = breaker !== 'closed';
    const hasOpened = isOpen && !outage.saidOpen && now - said.open >= AGAIN_MS;
    if (!hasOpened && now - said.any < AGAIN_MS) return;
    outage.isSaid = true;
    outage.saidOpen ||= isOpen;
    this.#said.set(name, { any: now, open: isOpen ? now : said.open });
    const { reason, error } = failed;
    const then = isOpen ? 'pushes wait, one at a time is tried' : 'pushes wait and are tried again';
    this.#options.warn(`${whatOf(failed)}: ${then}`, {
      ...whoOf(place),
      ...{ breaker, waiting, reason },
      error: (error.split('\n', 1)[0] as string).slice(0, LONGEST_CAUSE),
    });
  }

  #watch(isNeeded: boolean): void {
    if (isNeeded && !this.#timer) {
      this.#timer = setInterval(() => this.look(), this.#options.everyMs ?? 1000);
      this.#timer.unref();
    } else if (!isNeeded) {
      clearInterval(this.#timer);
      this.#timer = undefined;
    }
  }
}
