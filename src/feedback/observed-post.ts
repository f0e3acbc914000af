import type { OpenSpan } from '../observe/tracing/tracing.ts';
import type { HookCall } from '../push/push.ts';
import type { TraceContext } from '../push/trace-context.ts';
import type { Post } from './post.ts';

/** The listener for each call of a hook. */
export interface HookObserver {
  readonly reported: (call: HookCall) => void;
  /** Begins the span of a call; absent: the trace of the push is passed on as it is. */
  readonly trace?: ((parent: TraceContext) => OpenSpan) | undefined;
  /** UNIX milliseconds. */
  readonly now?: () => number;
}

/** What an entry says of its push. */
interface Facts extends Partial<TraceContext> {
  readonly request_id?: string;
  readonly notif_id?: string;
  readonly token?: string;
}

/** Nothing of a body that an earlier process left unreadable: its receiver is to judge it. */
function factsOf(body: string): Facts {
  try {
    return Object(JSON.parse(body));
  } catch {
    return {};
  }
}

const traceHeaders = ({ traceparent, tracestate }: TraceContext): Record<string, string> =>
  tracestate === undefined ? { traceparent } : { traceparent, tracestate };

/** Tells of each call, and lets it carry the trace of its push. */
export function observedPost(post: Post, app: string, { reported, trace, now = Date.now }: HookObserver): Post {
  return async (entry, signal) => {
    const { traceparent, tracestate, request_id: requestId = '', notif_id: notifId, token = '' } = factsOf(entry.body);
    const parent = traceparent === undefined ? undefined : { traceparent, ...(tracestate ? { tracestate } : {}) };
    const span = parent && trace?.(parent);
    const context = span?.context ?? parent;
    const at = now();
    const result = await post(context ? { ...entry, headers: traceHeaders(context) } : entry, signal);
    const error = result.ok ? undefined : result.reason;
    span?.end({ 'martlet.request_id': requestId, 'martlet.app': app }, error);
    const told = error === undefined ? {} : { error };
    reported({ requestId, traceparent, app, notifId, token, at, ms: now() - at, ok: result.ok, ...told });
    return result;
  };
}
