import type { Auth } from '../../../auth/auth.ts';
import { notFromHere } from '../../../auth/own-page.ts';
import { UnreadableError } from '../../../hub/storage/unreadable.ts';
import { errorOf } from '../../../kit/http/answer.ts';
import { DirectAnswers } from '../../../kit/http/direct/direct-answers.ts';
import { type DirectHeaders, showsKey } from '../../../kit/http/direct/direct-head.ts';
import type { DirectAnswer, DirectRoute } from '../../../kit/http/direct/direct-route.ts';
import { DEFAULT_APP } from '../../../push/app-name.ts';
import type { HubAnswer } from '../hub-answer.ts';
import { jsonOf } from '../hub-body.ts';
import type { HubRoute } from '../hub-route.ts';
import { nothingToKeep, UNREADABLE } from '../hub-router.ts';

/** One that is larger is read piece by piece, and counted while it arrives. */
const MAX_BODY = 16 * 1024;

export interface DirectHubOptions {
  /** Who says whose a key is; undefined: none are configured. */
  readonly auth: Pick<Auth, 'keyOf'> | undefined;
  /** Those of every answer. */
  readonly headers: Readonly<Record<string, string>>;
  readonly onError: (error: unknown) => void;
  /** A request to a path has come; what is returned is called with what its answer was. */
  readonly observe: (path: string) => (status: number, size: number) => void;
}

type Direct = NonNullable<HubRoute['direct']>;

/**
 * Routes of the hub as most back ends call them, without node:http, where nothing is audited: about the app that there always is, with a key of
 * the configuration, or of this machine where no keys are configured. Everything that is wrong with the request itself is left to the
 * router (hub-router.ts), whose answers these are otherwise.
 */
export function directHubRoutes(routes: readonly HubRoute[], options: DirectHubOptions): readonly DirectRoute[] {
  const answers = new DirectAnswers(options.headers, options.onError);
  return routes.flatMap((route) => (route.direct ? [directRoute(route, route.direct, answers, options)] : []));
}

function directRoute(
  { path, scope }: HubRoute,
  direct: Direct,
  answers: DirectAnswers,
  { auth, observe }: DirectHubOptions,
): DirectRoute {
  return {
    path,
    maxBody: MAX_BODY,
    admits: (headers, address) => (auth ? hasKey(auth, scope, headers, address) : isFromHere(headers)),
    take(bytes, answer) {
      const working = begun(direct, bytes);
      if (!working) return false;
      const observed = observe(path);
      const send = (said: DirectAnswer): void => {
        answer(said);
        observed(said.status, Buffer.byteLength(said.body));
      };
      working
        .then(({ status, body, headers }: HubAnswer) => send(answers.json(status, JSON.stringify(body), headers)))
        .catch((error: unknown) => send(failed(answers, error)));
      return true;
    },
  };
}

const isFromHere = (headers: DirectHeaders): boolean =>
  !showsKey(headers) && notFromHere({ method: 'POST', headers: Object.fromEntries(headers) }) === undefined;

/** Of one that is for other apps alone the router says which. */
function hasKey(
  auth: Pick<Auth, 'keyOf'>,
  scope: HubRoute['scope'],
  headers: DirectHeaders,
  address: string | undefined,
): boolean {
  const shown = { authorization: headers.get('authorization'), apiKey: headers.get('x-api-key'), address };
  const principal = auth.keyOf(shown, scope);
  return principal !== undefined && (principal.apps?.has(DEFAULT_APP) ?? true);
}

/** Undefined: the body is refused, which the router says. */
function begun(direct: Direct, bytes: Buffer): Promise<HubAnswer> | undefined {
  try {
    return direct({ app: DEFAULT_APP, body: jsonOf(bytes), keep: nothingToKeep });
  } catch {
    return undefined;
  }
}

function failed(answers: DirectAnswers, error: unknown): DirectAnswer {
  if (!(error instanceof UnreadableError)) return answers.refused(error);
  const { status, body } = errorOf('internal', UNREADABLE);
  return answers.json(status, JSON.stringify(body));
}
