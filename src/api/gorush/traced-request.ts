import type { IncomingMessage, ServerResponse } from 'node:http';
import { pathOf } from '../../kit/http/exact-routes.ts';
import type { Tracing } from '../../observe/tracing/tracing.ts';
import { readTraceContext, type TraceContext, traceIdOf } from '../../push/trace-context.ts';

/** The header of answers that names the trace. */
export const TRACE_HEADER = 'X-Trace-Id';

/** The trace that a request belongs to. */
export interface TracedRequest {
  /** For what the request causes. */
  readonly context: TraceContext;
  readonly traceId: string;
  /** Attributes of the request's span. */
  note(attributes: Readonly<Record<string, string | number>>): void;
}

/**
 * Begins the span of a request, where requests are traced; it ends with the answer. Without tracing the caller's trace is passed
 * on. Undefined when there is neither.
 */
export function tracedRequest(
  req: IncomingMessage,
  res: ServerResponse,
  tracing: Tracing | undefined,
): TracedRequest | undefined {
  const parent = readTraceContext(req.headers.traceparent as string | undefined, req.headers.tracestate);
  if (!parent && !tracing) return undefined;
  const path = pathOf(req.url as string) ?? '';
  const span = tracing?.request(`${req.method} ${path}`, parent);
  const context = span?.context ?? (parent as TraceContext);
  const traceId = traceIdOf(context.traceparent);
  res.setHeader(TRACE_HEADER, traceId);
  const noted: Record<string, string | number> = {};
  if (span)
    res.once('close', () => {
      const { statusCode: status } = res;
      const http = {
        'http.request.method': req.method as string,
        'url.path': path,
        'http.response.status_code': status,
      };
      span.end({ ...http, ...noted }, status >= 500 ? `HTTP ${status}` : undefined);
    });
  return { context, traceId, note: (attributes) => void Object.assign(noted, attributes) };
}
