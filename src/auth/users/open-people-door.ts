import type { IncomingMessage } from 'node:http';
import { auditName } from '../../hub/storage/audit.ts';
import type { HubStore } from '../../hub/storage/storage.ts';
import type { StreamTickets } from '../../hub/streams/stream-tickets.ts';
import { type RefusalKind, RefusedError } from '../../kit/refusal.ts';
import type { Admitted, Auth } from '../auth.ts';
import { bearerOf } from '../bearer.ts';
import { digestOf } from '../key-ring.ts';
import type { Principal } from '../principal.ts';
import { isRefusal, type Refusal, unauthenticated } from '../refusal.ts';
import { looksLikeToken } from '../token-verifier.ts';
import { PeopleDoor } from './people-door.ts';
import { type PersonNamer, personPrincipal, UNNAMED } from './person-principal.ts';
import { ticketOf } from './stream-ticket.ts';
import { UserTokenKeys } from './user-token-keys.ts';
import { UserTokens } from './user-tokens.ts';

export interface PeopleAccess {
  readonly tokens: UserTokens;
  /** Where no keys are configured: the person whose token is presented. Rejects with a RefusedError for one that is not valid. */
  identify(req: IncomingMessage): Promise<Principal | undefined>;
  /** Who presents a key or token otherwise than in a header, for something of a person. Rejects with a RefusedError. */
  identifyToken(token: string, address: string | undefined): Promise<Principal>;
}

export interface PeopleAccessOptions {
  readonly store: Pick<HubStore, 'db' | 'write' | 'seal'>;
  readonly tickets: Pick<StreamTickets, 'redeem'>;
  /** Who else may call; undefined: no keys are configured. */
  readonly auth: Pick<Auth, 'admitPeople' | 'admit'> | undefined;
  /** UNIX milliseconds. */
  readonly now: () => number;
}

/** A person's token is not let in. */
class NotLetInError extends RefusedError {
  readonly code = 'ERR_NOT_LET_IN';
  readonly kind: RefusalKind;
  override readonly retryAfter: number | undefined;
  constructor({ kind, message, retryAfter }: Refusal) {
    super(message);
    this.kind = kind;
    this.retryAfter = retryAfter;
  }
}

/** As the hub's audit has it: by a keyed hash. */
const namer =
  (store: Pick<HubStore, 'seal'>): PersonNamer =>
  ({ app, id }) => {
    try {
      return auditName(store.seal, app, `user:${id}`);
    } catch (error) {
      if (error instanceof RefusedError) return UNNAMED;
      throw error;
    }
  };

/** Issues the tokens of people, and lets in who calls with one. */
export function openPeopleDoor({ store, tickets, auth, now }: PeopleAccessOptions): PeopleAccess {
  const nameOf = namer(store);
  const tokens = new UserTokens(new UserTokenKeys({ store, now }), now, nameOf);
  const door = new PeopleDoor({
    verify: (token) => tokens.verify(token),
    redeem: async ({ ticket, user }) => {
      const found = await tickets.redeem(ticket, user);
      if (!found) return undefined;
      const principal = personPrincipal({ app: found.app, id: user, issuedAt: found.issuedAt }, nameOf);
      return { ...principal, expiresAt: found.endsAt };
    },
    ...{ nameOf, now },
  });
  auth?.admitPeople(door);
  return {
    tokens,
    async identifyToken(token, address) {
      const caller = { authorization: `Bearer ${token}`, apiKey: undefined, address, certificate: undefined };
      const found = auth ? await auth.admit(caller, 'users', true) : await personOf(token, door);
      if (!found || isRefusal(found)) throw new NotLetInError(found ?? unauthenticated('invalid_token'));
      return 'principal' in found ? (found as Admitted).principal : found;
    },
    async identify(req) {
      if (auth) return undefined;
      const found = await identified(req, door);
      if (found && isRefusal(found)) throw new NotLetInError(found);
      return found;
    },
  };
}

async function identified(req: IncomingMessage, door: PeopleDoor): Promise<Principal | Refusal | undefined> {
  const secret = bearerOf(req.headers.authorization);
  if (secret === undefined) {
    const ticket = ticketOf(req);
    return ticket && door.admitTicket(ticket);
  }
  return personOf(secret, door);
}

async function personOf(secret: string, door: PeopleDoor): Promise<Principal | Refusal | undefined> {
  if (!looksLikeToken(secret) || !door.isFor(secret)) return undefined;
  const digest = digestOf(Buffer.from(secret, 'latin1'));
  return door.known(digest) ?? (await door.admit(secret, digest));
}
