import {
  type Context,
  createTraceState,
  type HrTime,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources';
import {
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import { isSampled, type TraceContext, traceIdOf } from '../../push/trace-context.ts';
import { AttemptSpans, type FinishedSpan } from './attempt-spans.ts';
import { receiverHeaders, signalUrl } from './receiver.ts';
import type { OpenSpan, Tracing } from './tracing.ts';
import { watchedExporter } from './watched-exporter.ts';

export interface TracingOptions {
  /** Of an OTLP receiver, as OTEL_EXPORTER_OTLP_ENDPOINT has it: `http://localhost:4318`. */
  readonly endpoint: string;
  /** `name: value` each, sent to the receiver. */
  readonly headers: readonly string[];
  /** Share of the traces that begin here, 0 to 1. Those of a caller are recorded if the caller records them. */
  readonly sample: number;
  readonly serviceName: string;
  readonly version: string;
  readonly warn: (message: string, fields: Readonly<Record<string, unknown>>) => void;
}

/** Spans leave after this at the latest, or many at a time. */
const EXPORT_MS = 1000;
const QUEUE = 4096;
/** A shutdown waits no longer for the receiver. */
const CLOSE_MS = 3000;

const hrTime = (ms: number): HrTime => {
  const seconds = Math.floor(ms / 1000);
  return [seconds, Math.round((ms - seconds * 1000) * 1e6)];
};

function parentContext({ traceparent, tracestate }: TraceContext): Context {
  return trace.setSpanContext(ROOT_CONTEXT, {
    traceId: traceIdOf(traceparent),
    spanId: traceparent.slice(36, 52),
    traceFlags: isSampled(traceparent) ? TraceFlags.SAMPLED : TraceFlags.NONE,
    isRemote: true,
    ...(tracestate === undefined ? {} : { traceState: createTraceState(tracestate) }),
  });
}

function contextOf(span: Span): TraceContext {
  const { traceId, spanId, traceFlags, traceState } = span.spanContext();
  const traceparent = `00-${traceId}-${spanId}-${(traceFlags & TraceFlags.SAMPLED) === 0 ? '00' : '01'}`;
  const tracestate = traceState?.serialize();
  return tracestate ? { traceparent, tracestate } : { traceparent };
}

const openSpan = (span: Span): OpenSpan => ({
  context: contextOf(span),
  end(attributes, error) {
    span.setAttributes(attributes);
    if (error !== undefined) span.setStatus({ code: SpanStatusCode.ERROR, message: error });
    span.end();
  },
});

function writeFinished(tracer: Tracer, finished: FinishedSpan): void {
  const { name, kind, parent, start, end, attributes, error, retryAt } = finished;
  const given = Object.fromEntries(Object.entries(attributes).filter(([, value]) => value !== undefined));
  const options = {
    kind: kind === 'client' ? SpanKind.CLIENT : SpanKind.INTERNAL,
    startTime: hrTime(start),
    attributes: given as Record<string, string | number>,
  };
  const span = tracer.startSpan(name, options, parentContext(parent));
  if (retryAt !== undefined)
    span.addEvent('retry planned', { 'martlet.retry_in_ms': Math.round(retryAt - end) }, hrTime(end));
  if (error !== undefined) span.setStatus({ code: SpanStatusCode.ERROR, message: error });
  span.end(hrTime(Math.max(start, end)));
}

function createProvider({ endpoint, headers, sample, serviceName, version, warn }: TracingOptions): TracerProvider {
  const url = signalUrl(endpoint, 'traces');
  const exporter = watchedExporter(new OTLPTraceExporter({ url, headers: receiverHeaders(headers) }), url, warn);
  const own = resourceFromAttributes({ 'service.name': serviceName, 'service.version': version });
  return new TracerProvider({
    // OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES override our own attributes.
    resource: own.merge(detectResources({ detectors: [envDetector] })),
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(sample) }),
    spanProcessors: [new BatchSpanProcessor({ exporter, scheduledDelayMillis: EXPORT_MS, maxQueueSize: QUEUE })],
  });
}

/** Sends traces to an OTLP receiver, protobuf over HTTP. Loaded only where traces are wanted. */
export function openTracing(options: TracingOptions): Tracing {
  const provider = createProvider(options);
  const tracer = provider.getTracer('martlet', options.version);
  const spans = new AttemptSpans((finished) => writeFinished(tracer, finished));
  const start = (name: string, kind: SpanKind, parent: TraceContext | undefined): OpenSpan =>
    openSpan(tracer.startSpan(name, { kind }, parent ? parentContext(parent) : ROOT_CONTEXT));
  return {
    events: spans.events,
    request: (name, parent) => start(name, SpanKind.SERVER, parent),
    hook: (parent) => start('feedback hook', SpanKind.CLIENT, parent),
    async close() {
      spans.flush();
      const timer = new Promise((resolve) => setTimeout(resolve, CLOSE_MS).unref());
      await Promise.race([provider.shutdown().catch(() => {}), timer]);
    },
  };
}
