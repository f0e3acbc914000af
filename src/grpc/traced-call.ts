import type { Metadata } from '@grpc/grpc-js';
import { toError } from '../kit/errors.ts';
import type { Tracing } from '../observe/tracing/tracing.ts';
import { readTraceContext, type TraceContext, traceIdOf } from '../push/trace-context.ts';

/** The trace that a call belongs to. */
export interface TracedCall {
  /** For what the call causes. */
  readonly context: TraceContext;
  /** Ends the span; names the trace in the trailer. */
  answered(trailer: Metadata, requestId: string): Metadata;
  failed(error: unknown): void;
}

const RPC = { 'rpc.system': 'grpc', 'rpc.service': 'proto.Gorush', 'rpc.method': 'Send' };

/** As with HTTP: a span where calls are traced, else the caller's trace; undefined when there is neither. */
export function tracedCall({ metadata }: { readonly metadata: Metadata }, tracing?: Tracing): TracedCall | undefined {
  const [traceparent] = metadata.get('traceparent');
  const states = metadata.get('tracestate').filter((state) => typeof state === 'string');
  const given = typeof traceparent === 'string' ? traceparent : undefined;
  const parent = readTraceContext(given, states.length > 0 ? states : undefined);
  if (!parent && !tracing) return undefined;
  const span = tracing?.request('proto.Gorush/Send', parent);
  const context = span?.context ?? (parent as TraceContext);
  return {
    context,
    answered(trailer, requestId) {
      span?.end({ ...RPC, 'martlet.request_id': requestId });
      trailer.set('martlet-trace-id', traceIdOf(context.traceparent));
      return trailer;
    },
    failed: (error) => span?.end(RPC, toError(error).message),
  };
}
