import { isObject } from '../../kit/is-object.ts';
import type { HubSeal } from '../storage/storage.ts';
import { type AddressKind, addressKinds } from './person.ts';

/** What the link in a message is for: its one person, channel and type. */
export interface OptOutLink {
  readonly app: string;
  readonly user: string;
  readonly channel: AddressKind;
  readonly type: string;
  /** When the link was made, UNIX milliseconds: it says nothing about someone who was given the same id after an erasure. */
  readonly at: number;
}

const BOUND = 'opt-out link';

/** Text for an address: sealed, so that it can neither be forged nor read by who sees it pass. */
export const sealOptOut = (seal: HubSeal, { app, user, channel, type, at }: OptOutLink): string =>
  seal.seal(JSON.stringify([app, user, channel, type, at]), BOUND);

/** @returns undefined for what this store has not made */
export function openOptOut(seal: HubSeal, text: string): OptOutLink | undefined {
  let opened: unknown;
  try {
    opened = JSON.parse(seal.open(text, BOUND));
  } catch {
    return undefined;
  }
  if (!Array.isArray(opened) || isObject(opened)) return undefined;
  const [app, user, channel, type, at] = opened as [string, string, AddressKind, string, number];
  return addressKinds.includes(channel) ? { app, user, channel, type, at } : undefined;
}
