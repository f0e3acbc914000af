import type { RequestFacts } from '../push/push.ts';
import type { QueuedRequest } from '../queue/queue.ts';

type Trace = Pick<QueuedRequest, 'traceparent' | 'tracestate'>;

export const traceOf = ({ traceparent, tracestate }: Trace): Trace =>
  tracestate === undefined ? { traceparent } : { traceparent, tracestate };

/** What listeners know a request by. */
export const requestFacts = (request: QueuedRequest): RequestFacts => ({ requestId: request.id, ...traceOf(request) });
