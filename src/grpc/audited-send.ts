import type { WriteAudit } from '../auth/audit.ts';
import type { Principal } from '../auth/principal.ts';
import { background } from '../kit/background.ts';
import { httpStatus } from '../kit/http/http-status.ts';
import { addressOf, type GatedCall } from './gate.ts';
import { RpcError } from './rpc-error.ts';
import type { RpcReply } from './rpc-service.ts';

type Maybe<T> = T | Promise<T>;

/** Audit lines of all faces have HTTP's statuses. */
const statusOf = (error: unknown): number => httpStatus[error instanceof RpcError ? error.kind : 'internal'];

/** Calls back with what became of it, thrown or rejected as well. */
function watched<T>(run: () => Maybe<T>, done: (result: T) => void, failed: (error: unknown) => void): Maybe<T> {
  let result: Maybe<T>;
  try {
    result = run();
  } catch (error) {
    failed(error);
    throw error;
  }
  // The caller gets `result` itself; the log reports a line that cannot be written.
  if (result instanceof Promise) background(result.then(done, failed));
  else done(result);
  return result;
}

/** Writes a line of the audit log for each call that was let in. */
export function auditedSend<Call extends GatedCall>(
  call: Call,
  principal: Principal | undefined,
  write: WriteAudit,
  run: () => Maybe<RpcReply>,
): Maybe<RpcReply> {
  const sender = { who: principal?.name, by: principal?.kind, address: addressOf(call), action: 'push' };
  return watched(
    run,
    ({ facts }) => write({ ...sender, status: 200, ...facts }),
    (error) => write({ ...sender, status: statusOf(error) }),
  );
}

/** Writes a line for each call that was not let in. */
export const auditedGate =
  <Call extends GatedCall>(gate: (call: Call) => Maybe<Principal>, write: WriteAudit) =>
  (call: Call): Maybe<Principal> =>
    watched(
      () => gate(call),
      () => {},
      (error) => write({ address: addressOf(call), action: 'push', status: statusOf(error) }),
    );
