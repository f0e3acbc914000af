import type { StreamEvent } from '../../streams/stream-event.ts';
import type { StreamEntry } from '../../streams/stream-store.ts';
import type { HubSeal } from '../storage/storage.ts';
import { readable } from '../storage/unreadable.ts';
import { type PersonOfKey, personOfKey } from './person-key.ts';

/** Something that is to be saved, with whose it is. */
export interface AskedEntry extends Omit<StreamEntry, 'user'>, PersonOfKey {
  /** The same for entries that are one: of one person, under one key. */
  readonly identity: string;
  /** Keyed hash of person and the sender's key; undefined without one. */
  readonly hash: string | undefined;
  /** Of type and payload. */
  readonly bytes: number;
}

/** What payloads are sealed for. */
export const payloadBound = (app: string): string => `stream:${app}`;

/** The type of an event that cannot be read. It keeps its place, so that its reader misses none of the others. */
const UNREADABLE = { type: 'unreadable', payload: 'null' };

/** What a row says. */
export const openEvent = (
  seal: Pick<HubSeal, 'open'>,
  app: string,
  { type, payload }: { readonly type: string; readonly payload: string },
): Pick<StreamEvent, 'type' | 'payload'> =>
  readable(() => ({ type, payload: seal.open(payload, payloadBound(app)) })) ?? UNREADABLE;

/** @param index of the entry among those that are saved together */
export function askedEntry(entry: StreamEntry, index: number, seal: Pick<HubSeal, 'hash'>): AskedEntry {
  const { app, user } = personOfKey(entry.user);
  const { key, type, payload } = entry.draft;
  const hash = key === undefined ? undefined : seal.hash('event', entry.user, key);
  return {
    ...{ app, user, draft: entry.draft, hash },
    identity: hash ?? `${index}`,
    bytes: Buffer.byteLength(type) + Buffer.byteLength(payload),
  };
}
