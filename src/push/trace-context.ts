/** Where a request comes from (W3C Trace Context, level 2): passed on as it came, or with a span of our own as the parent. */
export interface TraceContext {
  readonly traceparent: string;
  readonly tracestate?: string | undefined;
}

/** Later versions may say more after the flags. */
const TRACEPARENT = /^(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
/** That of today's version has 55. */
const LONGEST_PARENT = 512;
/** What the recommendation asks every participant to pass on at least. */
const LONGEST_STATE = 512;
const PRINTABLE = /^[\x20-\x7e]+$/;

/** What may or may not be traced. */
interface MaybeTraced {
  readonly traceparent?: string | undefined;
  readonly tracestate?: string | undefined;
}

type Header = string | readonly string[] | undefined;

/** What the headers of a request say; undefined when there is nothing, or nothing that can be read. */
export function readTraceContext(traceparent: Header, tracestate?: Header): TraceContext | undefined {
  if (typeof traceparent !== 'string' || traceparent.length > LONGEST_PARENT) return undefined;
  const [, version, , , , more] = TRACEPARENT.exec(traceparent) ?? [];
  if (version === undefined || (version === '00' && more !== undefined)) return undefined;
  // Several headers are one list.
  const state = typeof tracestate === 'string' ? tracestate : tracestate?.join(',');
  const isKept = state !== undefined && state.length <= LONGEST_STATE && PRINTABLE.test(state);
  return isKept ? { traceparent, tracestate: state } : { traceparent };
}

/** The id of the trace, 32 hexadecimal digits. */
export const traceIdOf = (traceparent: string): string => traceparent.slice(3, 35);

/** Whether its caller records it. */
export const isSampled = (traceparent: string): boolean => (Number.parseInt(traceparent.slice(53, 55), 16) & 1) === 1;

/** As one text, for files and brokers: neither part holds a line break. */
export const packTrace = ({ traceparent, tracestate }: MaybeTraced): string | undefined =>
  tracestate === undefined ? traceparent : `${traceparent}\n${tracestate}`;

/** What `packTrace` made; nothing of anything else. */
export function unpackTrace(text: unknown): Partial<TraceContext> {
  if (typeof text !== 'string') return {};
  const [traceparent, tracestate] = text.split('\n');
  return readTraceContext(traceparent, tracestate) ?? {};
}
