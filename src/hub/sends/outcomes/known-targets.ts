import type { HubStore } from '../../storage/storage.ts';
import { targetHash } from '../hand-over.ts';
import { findHandover, type HandedTarget, type Handover } from '../rows/handover-rows.ts';
import type { HandedBatch, HandedBatches } from './handed-batches.ts';

/** What a carrier tells of one target of a batch. */
interface AboutTarget {
  readonly app: string;
  readonly batch: string;
  readonly target: string;
}

/** With the batch that it is of. */
export interface KnownTarget<Told> {
  readonly told: Told;
  readonly batch: HandedBatch | Handover;
  readonly target: HandedTarget;
}

/** What each is about; what is of batches that are over already, or were never ours, is left out. */
export async function knownTargets<Told extends AboutTarget>(
  store: Pick<HubStore, 'db' | 'seal'>,
  batches: HandedBatches,
  all: readonly Told[],
): Promise<KnownTarget<Told>[]> {
  const found = new Map<string, Handover | undefined>();
  const known: KnownTarget<Told>[] = [];
  for (const told of all) {
    const { app, batch: id, target } = told;
    const held = batches.get(app, id);
    if (held) {
      const of = held.targets.get(target);
      if (of) known.push({ told, batch: held, target: of });
      continue;
    }
    const name = `${app}\n${id}`;
    if (!found.has(name)) found.set(name, await findHandover(store.db, app, id));
    const handover = found.get(name);
    if (!handover) continue;
    const hash = targetHash(store.seal, handover, target);
    const of = handover.targets.find((each) => each.hash === hash);
    if (of) known.push({ told, batch: handover, target: of });
  }
  return known;
}
