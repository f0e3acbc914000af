import type { RelayEvents } from '../../push/push.ts';
import type { TraceContext } from '../../push/trace-context.ts';

/** A span that is under way. */
export interface OpenSpan {
  /** With this span as the parent, for whatever is caused by it. */
  readonly context: TraceContext;
  /** `error`: absent when it went well. */
  end(attributes: Readonly<Record<string, string | number | boolean>>, error?: string): void;
}

/** Where spans come from. Nothing in it throws or waits. */
export interface Tracing {
  /** Spans of queue and attempts, from the facts. */
  readonly events: RelayEvents;
  /** A request has come in. `parent`: what its headers said. */
  request(name: string, parent: TraceContext | undefined): OpenSpan;
  /** A call of the feedback hook begins. */
  hook(parent: TraceContext): OpenSpan;
  /** Sends what is left, at most a few seconds. */
  close(): Promise<void>;
}
