import { dashboard } from '../../hub/analytics/dashboard.ts';
import { type Grouping, groupings, MOST_ROWS, report, TooManyRows } from '../../hub/analytics/report.ts';
import { slotAfter, slotBefore } from '../../hub/analytics/slot.ts';
import type { HubPolicy } from '../../hub/notifications/policy.ts';
import type { HubStore } from '../../hub/storage/storage.ts';
import { instantMs, isoInstant } from '../../kit/time/instant.ts';
import { zoneName } from '../../kit/time/wall-time.ts';
import type { HubAnswer } from './hub-answer.ts';
import { unprocessable } from './hub-refusal.ts';
import { type HubRequest, type HubRoute, hubRoute } from './hub-route.ts';
import type { Query } from './query.ts';

export interface AnalyticsRoutesParts {
  readonly store: HubStore;
  readonly policyOf: (app: string) => Pick<HubPolicy, 'prices' | 'timezone'>;
  /** Until when removals of dead devices are paused, by app. */
  readonly pauses: ReadonlyMap<string, number>;
  /** UNIX milliseconds. */
  readonly now: () => number;
}

const DAY_MS = 86_400_000;
/** A day before the one and a quarter of an hour behind the other are instants with four digits for the year, too. */
const EARLIEST = 0;
const LATEST = Date.UTC(9000, 0);
const LONGEST_MS = 400 * DAY_MS;

function instantOf(query: Query, name: string): number | undefined {
  const given = query.text(name);
  if (given === undefined) return undefined;
  const ms = instantMs(given);
  if (ms === undefined) throw unprocessable({ path: name, reason: 'must be an instant such as 2026-12-01T09:00:00Z' });
  if (ms < EARLIEST || ms > LATEST)
    throw unprocessable({ path: name, reason: 'must be between the years 1970 and 9000' });
  return ms;
}

/** Whole quarters of an hour around what is asked for. */
function spanOf(query: Query, now: number) {
  const to = slotAfter(instantOf(query, 'to') ?? now + 1);
  const from = slotBefore(instantOf(query, 'from') ?? to - DAY_MS);
  if (from >= to) throw unprocessable({ path: 'from', reason: 'must be before to' });
  if (to - from > LONGEST_MS) throw unprocessable({ path: 'from', reason: 'must be at most 400 days before to' });
  return { from, to };
}

function groupingsOf(query: Query): Grouping[] {
  const names = (query.text('by') ?? '').split(',').filter((name) => name !== '');
  const unknown = names.find((name) => !(groupings as readonly string[]).includes(name));
  if (unknown !== undefined)
    throw unprocessable({ path: 'by', reason: `must be some of ${groupings.join(', ')}, with commas between them` });
  if (names.includes('hour') && names.includes('day'))
    throw unprocessable({ path: 'by', reason: 'must not be both hour and day' });
  return [...new Set(names)] as Grouping[];
}

function zoneOf(query: Query, usual: string): string {
  const given = query.text('timezone');
  const zone = given === undefined ? usual : zoneName(given);
  if (zone === undefined)
    throw unprocessable({
      path: 'timezone',
      reason: 'must be a time zone of the IANA database, such as Europe/Berlin',
    });
  return zone;
}

class AnalyticsRoutes {
  readonly #parts: AnalyticsRoutesParts;

  constructor(parts: AnalyticsRoutesParts) {
    this.#parts = parts;
  }

  readonly report = async ({ app, query }: HubRequest): Promise<HubAnswer> => {
    const { store, policyOf, now } = this.#parts;
    const { prices, timezone: usual } = policyOf(app);
    const [by, timezone, span] = [groupingsOf(query), zoneOf(query, usual), spanOf(query, now())];
    const found = await report(store, { app, by, timezone, prices, ...span }).catch((error: unknown) => {
      if (!(error instanceof TooManyRows)) throw error;
      const reason = `would be more than ${MOST_ROWS} rows: ask for less time, or by less`;
      throw unprocessable({ path: 'by', reason });
    });
    const { from, to } = span;
    return {
      status: 200,
      body: { app, from: isoInstant(from), to: isoInstant(to), timezone, by, costs: prices, ...found },
    };
  };

  readonly dashboard = async ({ app, query }: HubRequest): Promise<HubAnswer> => {
    const { store, policyOf, pauses, now } = this.#parts;
    const { prices, timezone: usual } = policyOf(app);
    const timezone = zoneOf(query, usual);
    const paused = pauses.get(app);
    const body = await dashboard(store, { app, prices, timezone, now: now() });
    const isPaused = paused !== undefined && paused > now();
    return { status: 200, body: { ...body, removals_paused_until: isPaused ? isoInstant(paused) : null } };
  };
}

/** `/v1/analytics`, `/v1/dashboard`: what has happened, in numbers. */
export function analyticsRoutes(parts: AnalyticsRoutesParts): readonly HubRoute[] {
  const routes = new AnalyticsRoutes(parts);
  return [
    hubRoute({
      method: 'GET',
      path: '/v1/analytics',
      scope: 'read',
      query: ['from', 'to', 'by', 'timezone'],
      handle: routes.report,
    }),
    hubRoute({ method: 'GET', path: '/v1/dashboard', scope: 'read', query: ['timezone'], handle: routes.dashboard }),
  ];
}
