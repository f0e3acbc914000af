import type { IncomingMessage } from 'node:http';
import { mayDo, type Principal, type PrincipalUser, type Scope } from '../../auth/principal.ts';
import { principalOfRequest } from '../../auth/request-principal.ts';
import { DEFAULT_APP } from '../../push/app-name.ts';
import { HubRefusal } from './hub-refusal.ts';

/** How the token of a person may be used: only for that person's own `{user}` in the path, or for what the route itself keeps to. */
export type OwnUse = 'path' | 'own';

export interface CallerParts {
  /** Why the sender of a request may use no route of the hub. */
  readonly closed: (req: IncomingMessage, principal: Principal | undefined) => string | undefined;
  /** Where no keys are configured: the person whose token is presented. Rejects with a RefusedError for one that is not valid. */
  readonly identify: (req: IncomingMessage) => Promise<Principal | undefined>;
  /** Whether there is such an app. @param name in any case */
  readonly isApp: (name: string) => boolean | Promise<boolean>;
}

/** Who sends a request. @throws (rejects with) HubRefusal for a sender who may not use the hub from there */
export async function callerOfRequest(req: IncomingMessage, parts: CallerParts): Promise<Principal | undefined> {
  const principal = principalOfRequest(req) ?? (await parts.identify(req));
  const why = parts.closed(req, principal);
  if (why !== undefined) throw new HubRefusal('forbidden', why);
  return principal;
}

interface Asked {
  readonly scope: Scope;
  readonly own?: OwnUse | undefined;
  /** `{user}` of the path. */
  readonly user: string | undefined;
}

const forOwn = (): HubRefusal => new HubRefusal('forbidden', 'the token of a person is not for this');

/** @throws HubRefusal when the sender may not use the route. A principal that is undefined: no keys are configured. */
export function allowCaller(principal: Principal | undefined, { scope, own, user }: Asked): void {
  if (!principal) return;
  if (!principal.user) {
    if (!mayDo(principal, scope)) throw new HubRefusal('forbidden', `This needs the scope ${scope}.`);
    return;
  }
  if (own === undefined || (own === 'path' && user !== principal.user.id)) throw forOwn();
  if (user !== undefined && user !== principal.user.id) throw forOwn();
}

const appOfPerson = (user: PrincipalUser, asked: string | undefined): string => {
  if (asked !== undefined && asked !== user.app) throw new HubRefusal('forbidden', 'the token is for another app');
  return user.app;
};

function appOfKey(apps: ReadonlySet<string> | undefined, asked: string | undefined): string {
  if (asked !== undefined) {
    if (apps && !apps.has(asked)) throw new HubRefusal('forbidden', 'the key may not use this app');
    return asked;
  }
  if (!apps || apps.has(DEFAULT_APP)) return DEFAULT_APP;
  const [only, ...others] = apps;
  if (only !== undefined && others.length === 0) return only;
  throw new HubRefusal('invalid', 'app: the key is for several apps; say which one: ?app=', {
    details: [{ path: 'app', reason: 'must be given: the key is for several apps' }],
  });
}

/**
 * The app that a request is about: `?app=`, else that of the key or token, else `default`.
 * @param asked `?app=`
 * @throws (rejects with) HubRefusal for one that the sender may not use, or that is not there
 */
export async function chooseApp(
  principal: Principal | undefined,
  asked: string | undefined,
  isApp: CallerParts['isApp'],
): Promise<string> {
  const wanted = asked?.toLowerCase();
  const app = principal?.user ? appOfPerson(principal.user, wanted) : appOfKey(principal?.apps, wanted);
  if (app !== DEFAULT_APP && !(await isApp(app))) throw new HubRefusal('not_found', 'there is no such app');
  return app;
}
