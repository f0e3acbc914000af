import type { Buffer } from 'node:buffer';
import type { ServerUnaryCall } from '@grpc/grpc-js';
import { pushesByApp, type WriteAudit } from '../auth/audit.ts';
import type { Principal } from '../auth/principal.ts';
import { RefusedError } from '../kit/refusal.ts';
import type { Tracing } from '../observe/tracing/tracing.ts';
import { builtIn, type ProviderTable } from '../providers/registry.ts';
import type { Notification } from '../push/push.ts';
import { encodePushRequest } from '../push/wire/encode-push-request.ts';
import type { JsonLimits } from '../push/wire/json-limits.ts';
import type { Accept, AcceptedPush } from '../relay/accept.ts';
import { pushTrailer } from './failures-trailer.ts';
import { type NotificationRequest, pushBody } from './push-body.ts';
import { RpcError } from './rpc-error.ts';
import type { RpcReply } from './rpc-service.ts';
import { tracedCall } from './traced-call.ts';

export interface SendOptions {
  /** The intake of the relay: the same path as HTTP's. */
  readonly accept: Accept;
  /** Milliseconds that a call waits for the outcomes; undefined in async mode. */
  readonly syncMs?: number | undefined;
  /** Whose fields are read. Default: those of this version. */
  readonly providers?: ProviderTable;
  /** Default: none. */
  readonly jsonLimits?: JsonLimits;
  /** Absent: what callers say of traces is passed on as it is. */
  readonly tracing?: Tracing | undefined;
  /** `log.audit`; undefined: none. */
  readonly audit?: WriteAudit | undefined;
  /** UNIX milliseconds. */
  readonly now?: () => number;
}

type Call = ServerUnaryCall<Buffer, object>;

/** `proto.Gorush/Send`. @throws (or rejects with) RpcError. */
export function send(
  request: NotificationRequest,
  call: Call,
  options: SendOptions,
  principal?: Principal,
): RpcReply | Promise<RpcReply> {
  const left = timeLeft(call, options.now ?? Date.now);
  const body = pushBody(request);
  const notification = decode(body, options);
  // The messages of the API have no field for it; the kept answer is encoded again then.
  const [app] = call.metadata.get('app');
  if (typeof app === 'string' && app !== '') notification.app = app;
  const { tokens, to } = notification;
  const counts = tokens.length + (to ? 1 : 0);
  const traced = tracedCall(call, options.tracing);
  const how = {
    ...traced?.context,
    ...(options.syncMs === undefined ? {} : { syncMs: Math.min(options.syncMs, left - marginOf(left)) }),
    ...(principal ? { principal: principal.name, allowedApps: principal.apps } : {}),
  };
  const reply = ({ requestId, logs, answered }: AcceptedPush): RpcReply => {
    const trailer = pushTrailer(requestId, logs);
    // What is sent is a few of them.
    answered?.();
    return {
      message: { success: true, counts },
      trailer: traced ? traced.answered(trailer, requestId) : trailer,
      ...(options.audit ? { facts: { requestId, apps: pushesByApp([notification], options.providers) } } : {}),
    };
  };
  const failed = (error: unknown): never => {
    traced?.failed(error);
    return refuse(error);
  };
  try {
    const kept = notification.app ? () => encodePushRequest([notification]) : () => body;
    const accepted = options.accept([notification], kept, how);
    return accepted instanceof Promise ? accepted.then(reply, failed) : reply(accepted);
  } catch (error) {
    return failed(error);
  }
}

/** Nothing is taken of a call whose caller has given up. */
function timeLeft(call: Call, now: () => number): number {
  const deadline = call.getDeadline();
  const left = Number(deadline) - now();
  if (call.cancelled) throw new RpcError('cancelled', 'cancelled by the caller');
  if (left <= 0) throw new RpcError('too_late', 'the deadline had passed when the request was read');
  return left;
}

/** The answer of a sync call has to be with the caller before its deadline, or the outcomes that are known are lost to it. */
const marginOf = (left: number): number =>
  left === Number.POSITIVE_INFINITY ? 0 : Math.min(left, Math.max(50, left / 10));

function decode(body: string, { providers = builtIn, jsonLimits }: SendOptions): Notification {
  const decoded = providers.decoder.decode(body, jsonLimits);
  if (decoded.ok) return decoded.notifications[0] as Notification;
  const mistakes = decoded.details.map(({ path, reason }) => `${path.replace(PREFIX, '')} ${reason}`);
  throw new RpcError('invalid', mistakes.join('; ').slice(0, MAX_DETAILS));
}

const PREFIX = /^notifications\[0\]\./;
/** Characters: metadata has little room. */
const MAX_DETAILS = 1000;

function refuse(error: unknown): never {
  if (!(error instanceof RefusedError)) throw error;
  throw new RpcError(error.kind, error.message, error.retryAfter);
}
