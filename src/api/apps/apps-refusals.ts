import type { Request, Response } from 'express';
import { sendRefused } from '../../kit/http/answer.ts';
import { type RefusalKind, RefusedError } from '../../kit/refusal.ts';

/** Answers a request of /v1/apps. */
export type Work = (req: Request, res: Response) => Promise<void>;

/** A request of /v1/apps that is refused before it reaches the apps. */
export class AppsRefusal extends RefusedError {
  readonly code = 'ERR_APPS_REFUSED';
  readonly kind: RefusalKind;
  constructor(kind: RefusalKind, message: string) {
    super(message);
    this.kind = kind;
  }
}

/**
 * Routes whose refusals are answered; other errors go to the error handler of the application.
 * @param closed why the sender of a request may not use them at all
 */
export function answered(closed: (req: Request) => string | undefined, work: Work): Work {
  return async (req, res) => {
    try {
      const why = closed(req);
      if (why) throw new AppsRefusal('forbidden', why);
      await work(req, res);
    } catch (error) {
      if (!(error instanceof RefusedError)) throw error;
      // What is left of a body is read and forgotten, so that the answer is seen.
      req.resume();
      sendRefused(res, error);
    }
  };
}

export const notAllowed =
  (allow: string): Work =>
  async (_req, res) => {
    res.set('Allow', allow);
    throw new AppsRefusal('wrong_method', `there are ${allow} here`);
  };
