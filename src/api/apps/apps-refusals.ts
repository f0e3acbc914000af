import type { Request, Response } from 'express';
import { AppChangeError, type RefusalKind } from '../../apps/store/app-admin.ts';
import { MasterKeyError } from '../../apps/store/master-keys.ts';
import { sendError } from '../../kit/http/answer.ts';

/** Answers a request of /v1/apps. */
export type Work = (req: Request, res: Response) => Promise<void>;

const STATUS: Record<RefusalKind, number> = {
  invalid: 400,
  off: 403,
  not_found: 404,
  conflict: 409,
  precondition: 412,
  credential_refused: 422,
  not_probed: 502,
  unavailable: 503,
};

/** An answer that is no success. */
export class AppsRefusal extends Error {
  readonly status: number;
  readonly headers: Record<string, string>;
  constructor(status: number, message: string, headers: Record<string, string> = {}) {
    super(message);
    this.status = status;
    this.headers = headers;
  }
}

interface Refusal {
  readonly status: number;
  readonly details?: unknown;
  readonly headers?: Record<string, string>;
}

/** How an error is answered; undefined for one that is not ours. */
export function refusalOf(error: unknown): Refusal | undefined {
  if (error instanceof AppChangeError) {
    const details = error.details ? { details: error.details } : {};
    return { status: STATUS[error.kind], ...details };
  }
  if (error instanceof MasterKeyError) return { status: 503 };
  return error instanceof AppsRefusal ? { status: error.status, headers: error.headers } : undefined;
}

/**
 * Routes whose errors of ours are answered; others go to the error handler of the application.
 * @param closed why the sender of a request may not use them at all
 */
export function answered(closed: (req: Request) => string | undefined, work: Work): Work {
  return async (req, res) => {
    try {
      const why = closed(req);
      if (why) throw new AppsRefusal(403, why);
      await work(req, res);
    } catch (error) {
      const refusal = refusalOf(error);
      if (!refusal) throw error;
      const { status, ...extra } = refusal;
      // What is left of a body is read and forgotten, so that the answer is seen.
      req.resume();
      sendError(res, status, (error as Error).message, extra);
    }
  };
}

export const notAllowed =
  (allow: string): Work =>
  async () => {
    throw new AppsRefusal(405, `there are ${allow} here`, { Allow: allow });
  };
