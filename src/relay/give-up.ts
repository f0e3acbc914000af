import { DEFAULT_APP } from '../push/app-name.ts';
import type { Failed, Settlement } from '../push/push.ts';
import type { QueuedRequest, StoredRequest } from '../queue/queue.ts';
import type { NoRoute, Route } from './plan.ts';
import { requestFacts } from './request-facts.ts';

/** A record of the queue that this version cannot read. @param why without anything that it holds */
export const unreadable = (why: string): Failed => ({
  kind: 'failed',
  category: 'invalid_request',
  reason: 'Unreadable',
  error: `this version cannot read what the queue kept (${why}): it is set aside, not sent`,
});

/** @param deaths processes that ended while they had it in hand */
export const setAside = (deaths: number): Failed => ({
  kind: 'failed',
  category: 'invalid_request',
  reason: 'SetAside',
  error: `${deaths} processes ended while they had this push in hand: it is set aside, not sent again`,
});

/** The way of a notification that is not sent. */
export const noWay = ({ app, platform, rules }: Route, refused: Failed): NoRoute => ({ app, platform, rules, refused });

/** One failure for a request as a whole, whose targets are not known: its target is empty, and its platform. */
export function wholeRequest(request: QueuedRequest, failed: Failed, ageMs: number): Settlement {
  const { app, acceptedAt } = request;
  return {
    ...requestFacts(request),
    app: app || DEFAULT_APP,
    platform: '',
    provider: undefined,
    environment: 'production',
    notification: { platform: 0, tokens: [] },
    kind: 'token',
    targets: [''],
    total: 1,
    outcomes: [failed],
    attempts: 0,
    timing: { acceptedAt, ageMs },
    stored: true,
  };
}

/** Failures of notifications that no lane takes, without the targets that had their outcome before. In the order of their targets. */
export function withoutDone(settlements: readonly Settlement[], isDone: StoredRequest['isDone']): Settlement[] {
  const places = new Map<number, number>();
  return settlements.flatMap((settlement) => {
    const { index = 0, targets, outcomes } = settlement;
    const first = places.get(index) ?? 0;
    places.set(index, first + targets.length);
    const open = [...targets.keys()].filter((at) => !isDone(index, first + at));
    if (open.length === 0) return [];
    const stored = { ...settlement, stored: true as const };
    if (open.length === targets.length) return [stored];
    const of = <Item>(list: readonly Item[]): Item[] => open.map((at) => list[at] as Item);
    return [{ ...stored, targets: of(targets), outcomes: of(outcomes) }];
  });
}
