import { againHeaders, errorOf, JSON_TYPE } from '../../kit/http/answer.ts';
import type { DirectAnswer, DirectRoute } from '../../kit/http/direct/direct-door.ts';
import { RefusedError } from '../../kit/refusal.ts';
import type { FieldWarning } from '../../push/wire/misspelled.ts';
import type { AcceptedPush } from '../../relay/accept.ts';
import { isPlain, plainBody, pushBody } from './push-body.ts';
import type { PushRouteOptions } from './push-route.ts';

/** One that is larger is read piece by piece, and counted while it arrives. */
const MAX_BODY = 16 * 1024;

export interface DirectPushOptions
  extends Pick<PushRouteOptions, 'accept' | 'decode' | 'headers' | 'maxBody' | 'onError'> {
  readonly path: string;
  /** A request has come; what is returned is called with what its answer was. */
  readonly observe: () => (status: number, size: number) => void;
}

const textOf = (headers: Readonly<Record<string, string>>): string =>
  Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('');

/**
 * `POST /api/push` as most callers send it, without node:http: async, without a key, a trace or an audit. Everything that is wrong with
 * the request itself is left to the route (push-route.ts), whose answers these are otherwise.
 */
export function directPush(options: DirectPushOptions): DirectRoute {
  const { accept, decode, headers, maxBody, onError, path, observe } = options;
  const common = textOf(headers);
  const answerOf = (status: number, body: string, more = ''): DirectAnswer => ({
    status,
    head: `${common}${more}Content-Type: ${JSON_TYPE}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n`,
    body,
  });
  const accepted = (push: AcceptedPush, warnings: readonly FieldWarning[]): DirectAnswer =>
    answerOf(200, isPlain(push, warnings) ? plainBody(push) : JSON.stringify(pushBody(push, warnings)));
  const refused = (error: unknown): DirectAnswer => {
    const isRefused = error instanceof RefusedError;
    if (!isRefused) onError(error);
    const { status, body } = isRefused
      ? errorOf(error.kind, error.message, error.details)
      : errorOf('internal', 'Internal Server Error');
    return answerOf(status, JSON.stringify(body), isRefused ? textOf(againHeaders(error)) : '');
  };
  return {
    path,
    maxBody: Math.min(maxBody, MAX_BODY),
    take(body, answer) {
      const read = decode(body);
      if (!read.ok || read.notifications.length === 0) return false;
      const observed = observe();
      const send = (said: DirectAnswer): void => {
        answer(said);
        observed(said.status, said.body.length);
      };
      try {
        const push = accept(read.notifications, body, {});
        if (push instanceof Promise)
          push
            .then((taken) => send(accepted(taken, read.warnings ?? [])))
            .catch((error: unknown) => send(refused(error)));
        else send(accepted(push, read.warnings ?? []));
      } catch (error) {
        send(refused(error));
      }
      return true;
    },
  };
}
