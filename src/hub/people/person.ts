import type { FaultyField } from '../../kit/refusal.ts';
import { RefusedError, unprocessableText } from '../../kit/refusal.ts';
import type { JsonObject } from '../../push/push.ts';
import type { HubDb } from '../storage/storage.ts';

/** Channels that need an address, and a person's consent unless `hub.consent_required` leaves them out. */
export const addressKinds = ['email', 'sms', 'slack'] as const;
export type AddressKind = (typeof addressKinds)[number];

export interface Consent {
  readonly granted: boolean;
  /** UNIX milliseconds. */
  readonly at: number;
  /** Where it was given, in the words of the back end. */
  readonly source: string;
}

/** What is known of a person, without what they have chosen (settings) and what is theirs (devices, notifications). */
export interface PersonDoc {
  readonly name?: string;
  readonly email?: string;
  /** E.164. */
  readonly phone?: string;
  /** A Slack channel, a person's id there, or the URL of a webhook. */
  readonly slack?: string;
  /** BCP 47. */
  readonly locale?: string;
  /** IANA. */
  readonly timezone?: string;
  readonly roles: readonly string[];
  readonly teams: readonly string[];
  readonly data: JsonObject;
  readonly consent: Readonly<Partial<Record<AddressKind, Consent>>>;
}

export interface Person extends PersonDoc {
  readonly app: string;
  readonly id: string;
  /** Counts the changes. */
  readonly rev: number;
  /** UNIX milliseconds, as all times here. */
  readonly created_at: number;
  readonly updated_at: number;
  /** Name, addresses and data cannot be read: what is kept of them is damaged. */
  readonly unreadable?: true;
}

export const verdictStatuses = ['active', 'bounced', 'complained', 'unsubscribed', 'invalid'] as const;
export type VerdictStatus = (typeof verdictStatuses)[number];

/** What is known of an address, which stays with it when it changes hands. */
export interface AddressVerdict {
  readonly status: VerdictStatus;
  /** The provider's word, `5.1.1`. */
  readonly reason?: string;
  readonly at?: number;
}

/** Of the addresses that a person has. */
export type PersonVerdicts = Readonly<Partial<Record<AddressKind, AddressVerdict>>>;

/** What is sealed of a person with the rest of the profile. */
export type Addresses = Pick<PersonDoc, 'email' | 'phone' | 'slack'>;
/** A type of notification that a person does not want by a channel any more. */
export interface OptOut {
  readonly channel: AddressKind;
  readonly type: string;
  /** UNIX milliseconds. */
  readonly at: number;
  /** How it was said: `link`. */
  readonly source: string;
}

/** The address that a channel sends to. */
export const addressOf = (person: Addresses, kind: AddressKind): string | undefined =>
  kind === 'sms' ? person.phone : person[kind];

/** What a token or an address that a person had is sealed for. @param hash by which it is known */
export const formerBound = (app: string, user: string, hash: string): string =>
  `former:${JSON.stringify([app, user, hash])}`;

/** How many of each kind are gone. */
export type ErasedCounts = Readonly<Record<string, number>>;

/** What an export has of a person under one name. */
export interface ExportedPart {
  readonly name: string;
  /**
   * As JSON, without device tokens and without other people; undefined: nothing. A list that may be very long comes in pieces, so that
   * others have their turn in between.
   */
  export?(db: HubDb, app: string, user: string): Promise<unknown> | AsyncIterable<readonly unknown[]>;
}

/** What a person is sent to by: tokens, subscriptions and addresses. */
export interface PersonTargets {
  /** No one else has them. */
  readonly own: readonly string[];
  /** Others have them, too, on purpose. */
  readonly shared: readonly string[];
}

/** Someone who was erased a moment ago. */
export interface Gone extends PersonTargets {
  readonly app: string;
  readonly user: string;
}

/** What was still to be sent to someone who is gone. */
export interface WithdrawnWork {
  /** Pushes that waited, and are not sent. */
  readonly ended: number;
  /** Pushes that had begun to be sent and were not over after a while. */
  readonly inFlight: number;
}

/** What of a person another part keeps: it erases and exports that. */
export interface PersonPart extends ExportedPart {
  /** What the person is sent to by, before it is deleted. */
  targets?(tx: HubDb, app: string, user: string): Promise<PersonTargets>;
  /** Deletes all of it, in the transaction that deletes the person. */
  erase(tx: HubDb, app: string, user: string): Promise<ErasedCounts>;
  /** After the commit: what is not in the hub's store goes too. Rejects when it cannot now; an erasure may be repeated. */
  erased?(app: string, user: string): Promise<void>;
}

/** Why something about people or devices is not done. */
export class PeopleRefusal extends RefusedError {
  readonly code = 'ERR_PEOPLE_REFUSED';
  readonly kind: 'not_found' | 'forbidden' | 'conflict' | 'unprocessable';
  override readonly details: readonly FaultyField[] | undefined;

  constructor(kind: PeopleRefusal['kind'], message: string, details?: readonly FaultyField[]) {
    super(message);
    this.kind = kind;
    this.details = details;
  }
}

/** Refuses what is wrong in a body. */
export const faulty = (details: readonly FaultyField[]): PeopleRefusal =>
  new PeopleRefusal('unprocessable', unprocessableText(details), details);
