import type { RequestFacts } from '../push/push.ts';
import type { QueuedRequest } from '../queue/queue.ts';

type Trace = Pick<QueuedRequest, 'traceparent' | 'tracestate'>;

export const traceOf = ({ traceparent, tracestate }: Trace): Trace =>
  tracestate === undefined ? { traceparent } : { traceparent, tracestate };

/** Place of a notification within its request as it came. */
export const placeInRequest = ({ first = 0 }: QueuedRequest, index: number): number => first + index;

/** What listeners know a request by. */
export const requestFacts = (request: QueuedRequest): RequestFacts => ({ requestId: request.id, ...traceOf(request) });
