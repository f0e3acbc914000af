import { isoInstant } from '../../kit/time/instant.ts';
import type { AddressVerdict, Consent, OptOut, Person, PersonVerdicts } from './person.ts';

const consentView = ({ granted, at, source }: Consent) => ({ granted, at: isoInstant(at), source });
const verdictView = ({ status, reason, at }: AddressVerdict) => ({
  status,
  ...(reason === undefined ? {} : { reason }),
  ...(at === undefined ? {} : { at: isoInstant(at) }),
});

const mapped = <T, Made>(of: Readonly<Record<string, T | undefined>>, make: (each: T) => Made): Record<string, Made> =>
  Object.fromEntries(Object.entries(of).flatMap(([name, each]) => (each === undefined ? [] : [[name, make(each)]])));

/** What is known of a person beside the document. */
export interface KnownOfPerson {
  readonly addresses: PersonVerdicts;
  readonly optOuts: readonly OptOut[];
}

/** A person as the API shows them: times are ISO instants. */
export function personView(person: Person, { addresses, optOuts }: KnownOfPerson) {
  const { app: _app, rev: _rev, consent, created_at, updated_at, ...rest } = person;
  return {
    ...rest,
    consent: mapped(consent, consentView),
    addresses: mapped(addresses, verdictView),
    opt_outs: optOuts.map(({ channel, type, at, source }) => ({ channel, type, at: isoInstant(at), source })),
    created_at: isoInstant(created_at),
    updated_at: isoInstant(updated_at),
  };
}

/** What a merge patch is laid over: the body of a PUT that would change nothing. */
export function personBody(person: Person): Record<string, unknown> {
  const { app: _app, id: _id, rev: _rev, created_at: _c, updated_at: _u, unreadable: _un, consent, ...doc } = person;
  return { ...doc, consent: mapped(consent, consentView) };
}
