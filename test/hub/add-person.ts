import { ensurePeople } from '../../src/hub/people/people.ts';
import type { HubStore } from '../../src/hub/storage/storage.ts';

/** A person of whom nothing is known but the id; who is there already stays as they are. */
export async function addPerson(store: HubStore | undefined, app: string, id: string): Promise<void> {
  await store?.write((tx) => ensurePeople(tx, store, app, [id], 1));
}
