import type { TransportStatus } from '../push.ts';
import type { LaneStatus } from '../queue/lane.ts';
import type { QueueHealth } from '../queue/queue.ts';

export type CheckStatus = 'pass' | 'warn' | 'fail';

export interface Check {
  readonly name: string;
  readonly status: CheckStatus;
  readonly output?: string;
  /** ISO 8601, of the last accepted push. */
  readonly last_success?: string;
  readonly breaker?: string;
  readonly sessions?: number;
}

export interface ReadyOptions {
  readonly queue: () => QueueHealth;
  readonly lanes: () => readonly { readonly lane: LaneStatus; readonly transport: TransportStatus }[];
  /** True from the first signal to end on. */
  readonly draining: () => boolean;
}

function laneCheck({ lane, transport }: { lane: LaneStatus; transport: TransportStatus }): Check {
  const open = lane.breaker !== 'closed';
  const output = transport.output ?? (open ? 'the provider cannot be reached' : undefined);
  return {
    name: lane.name,
    status: open && transport.status === 'pass' ? 'fail' : transport.status,
    ...(output ? { output } : {}),
    ...(transport.lastSuccessAt ? { last_success: new Date(transport.lastSuccessAt).toISOString() } : {}),
    breaker: lane.breaker,
    sessions: transport.sessions,
  };
}

/**
 * The body and status of /readyz. Not ready (503) when the queue cannot take pushes, when every lane fails, or while the process
 * drains: one provider's trouble must not take the others out of the balancer.
 */
export function readiness(options: ReadyOptions): { status: number; body: object } {
  const queue: Check = { name: 'queue', ...options.queue() };
  const lanes = options.lanes().map(laneCheck);
  const draining = options.draining();
  const deaf = lanes.length > 0 && lanes.every((check) => check.status === 'fail');
  const failed = draining || queue.status === 'fail' || deaf;
  const checks = [queue, ...lanes];
  const doubtful = checks.some((check) => check.status !== 'pass');
  const shutdown: Check[] = draining
    ? [{ name: 'shutdown', status: 'fail', output: 'the process is shutting down' }]
    : [];
  return {
    status: failed ? 503 : 200,
    body: { status: failed ? 'fail' : doubtful ? 'warn' : 'pass', checks: [...shutdown, ...checks] },
  };
}
