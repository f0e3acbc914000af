/** Decisions that outcomes have changed, however that was written. */
import type { RollNotes } from '../../analytics/roll-notes.ts';
import type { Row } from '../../storage/storage.ts';
import type { CarriedBy } from '../rows/decision-rows.ts';
import type { Alike, EndedOne } from './ended-alike.ts';
import type { OutcomeChange } from './outcome-change.ts';

/** A decision that a batch carries. */
export type Carried = Readonly<Record<'notification' | 'user' | 'device' | 'batch', string>>;

/** A decision that an outcome has changed. */
export interface ChangedDecision extends CarriedBy {
  readonly user: string;
  readonly device: string;
  readonly state: OutcomeChange['state'];
  readonly reason: string | null;
  readonly at: number;
  /** From when it was due to the answer of its provider. */
  readonly ms: number | undefined;
}

/** What is written of some decisions. */
export interface ChangeOfSome
  extends Pick<Alike, 'app' | 'hop' | 'channel'>,
    Omit<OutcomeChange, 'from' | 'providerId'> {
  readonly decisions: readonly Carried[];
  readonly from: readonly string[];
  readonly provider_id: string | null;
}

/** Who ended alike, and how. */
export type EndedGroup = Pick<Alike, 'app' | 'hop' | 'channel' | 'change'>;
export type WrittenRow = Omit<Carried, 'batch'> & Pick<Row<'decisions'>, 'batch' | 'reason' | 'platform'>;

/** What is written of a batch, and by what its decisions are found. */
export function writtenBy({ app, hop, channel, change }: EndedGroup, { notification, batch }: EndedOne['batch']) {
  const { providerId, from: _, ...written } = change;
  return { ...written, provider_id: providerId, app, hop, channel, notification, batch };
}

/** What was changed out of a state, in numbers and one by one. */
export function noted(
  rows: readonly WrittenRow[],
  { app, hop, channel, change: { state, at }, dues }: EndedGroup & { readonly dues: ReadonlyMap<string, number> },
  from: string,
  notes: RollNotes,
  before?: ReadonlyMap<string, Pick<Row<'decisions'>, 'reason' | 'category'>>,
): ChangedDecision[] {
  return rows.map(({ platform, notification, user, device, reason, batch: carrier }) => {
    const batch = carrier as string;
    const ms = from === 'pending' && ANSWERED.has(state) ? at - (dues.get(batch) ?? at) : undefined;
    const known = before?.get(keyOf({ notification, user, device, batch }));
    notes.moved({ app, notification, channel, platform }, { state: from, ...known }, { state, reason }, { ms });
    return { app, notification, hop, channel, user, device, state, reason, at, batch, ms };
  });
}

/** States to which an answer of a provider leads, and not its absence. */
const ANSWERED: ReadonlySet<string> = new Set(['sent', 'failed']);

export const keyOf = ({
  notification,
  user,
  device,
  batch,
}: Omit<Carried, 'batch'> & { readonly batch: string | null }) => JSON.stringify([notification, user, device, batch]);
