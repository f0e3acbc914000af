import { DirectAnswers } from '../../kit/http/direct/direct-answers.ts';
import type { DirectAnswer, DirectRoute } from '../../kit/http/direct/direct-route.ts';
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

/**
 * `POST /api/push` as most callers send it, without node:http: async, without a key, a trace or an audit. Everything that is wrong with
 * the request itself is left to the route (push-route.ts), whose answers these are otherwise.
 */
export function directPush(options: DirectPushOptions): DirectRoute {
  const { accept, decode, headers, maxBody, onError, path, observe } = options;
  const answers = new DirectAnswers(headers, onError);
  const accepted = (push: AcceptedPush, warnings: readonly FieldWarning[]): DirectAnswer =>
    answers.json(200, isPlain(push, warnings) ? plainBody(push) : JSON.stringify(pushBody(push, warnings)));
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
            .catch((error: unknown) => send(answers.refused(error)));
        else send(accepted(push, read.warnings ?? []));
      } catch (error) {
        send(answers.refused(error));
      }
      return true;
    },
  };
}
