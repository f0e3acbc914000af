/** Puts targets that ended alike together, so that what became of many is one statement. */
import type { CarriedBy } from '../rows/decision-rows.ts';
import type { HandedTarget, Handover } from '../rows/handover-rows.ts';
import type { HandedBatch } from './handed-batches.ts';
import type { OutcomeChange } from './outcome-change.ts';

/** A target that ended. */
export interface EndedOne {
  readonly batch: CarriedBy &
    Pick<Handover, 'dueAt'> & {
      /** A map: those of which nothing final was heard, this one among them. */
      readonly targets?: HandedBatch['targets'] | Handover['targets'];
      readonly platform?: HandedBatch['platform'];
    };
  readonly target: HandedTarget;
  readonly change: OutcomeChange;
}

/** Targets that ended alike. */
export interface Alike extends Pick<CarriedBy, 'app' | 'hop' | 'channel'> {
  change: OutcomeChange;
  /** When the first of them ended, UNIX milliseconds. */
  readonly since: number;
  /** By their batches. */
  readonly targets: Map<EndedOne['batch'], HandedTarget[]>;
  /** They are written without being read again. */
  readonly isCounted: boolean;
  /** Of those that are counted: what their provider calls them, each by another id; absent: it has none. */
  readonly ids: Map<HandedTarget, string>;
}

/** What ended alike within this has the moment of the last of it: each millisecond would be a statement of its own. */
const TOGETHER_MS = 25;

/**
 * Puts what ended alike together, of whatever notifications, so that many are one statement.
 * @param counts whether the store is one of those that count changes
 */
export function alike(ended: readonly EndedOne[], counts: boolean): Alike[] {
  const groups: Alike[] = [];
  const open = new Map<string, Alike>();
  let last: Alike | undefined;
  for (const { batch, target, change } of ended) {
    const isCounted = counts && isFirst(change) && batch.platform !== undefined;
    if (!last || !isAlike(last, batch, change, isCounted)) {
      const { app, hop, channel } = batch;
      const { at, providerId, ...other } = change;
      const key = JSON.stringify([app, hop, channel, other, isCounted || providerId]);
      const known = open.get(key);
      const isKnown = known && isAlike(known, batch, change, isCounted);
      last = isKnown ? known : { app, hop, channel, change, since: at, targets: new Map(), isCounted, ids: new Map() };
      if (!isKnown) groups.push(last);
      open.set(key, last);
    }
    if (change.at > last.change.at) last.change = change;
    if (isCounted && change.providerId !== null) last.ids.set(target, change.providerId);
    const some = last.targets.get(batch);
    if (some) some.push(target);
    else last.targets.set(batch, [target]);
  }
  return groups;
}

/** Most pushes of a batch end alike, one behind the other. */
const isAlike = (
  { app, hop, channel, since, change: a, isCounted }: Alike,
  batch: EndedOne['batch'],
  b: OutcomeChange,
  isBCounted: boolean,
): boolean =>
  app === batch.app &&
  hop === batch.hop &&
  channel === batch.channel &&
  Math.abs(b.at - since) <= TOGETHER_MS &&
  a.state === b.state &&
  a.attempts === b.attempts &&
  a.reason === b.reason &&
  a.category === b.category &&
  a.until === b.until &&
  isCounted === isBCounted &&
  (isCounted || a.providerId === b.providerId) &&
  a.from === b.from;

/** A provider has taken what was under way: the change of nearly all. */
export const isFirst = ({ state, from }: OutcomeChange): boolean => state === 'sent' && from.length === 1;
