import { DEFAULT_APP } from '../push/app-name.ts';
import type { LaneId } from '../push/lane-id.ts';
import type { TransportStatus } from '../push/push.ts';
import type { QueueHealth } from '../queue/queue.ts';
import type { LaneStatus } from '../relay/lane.ts';

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

export interface LaneState {
  readonly lane: Pick<LaneStatus, 'id' | 'breaker' | 'probeDue'>;
  readonly transport: TransportStatus;
  /** What its part is called, which other lanes may be, too; undefined: the lane is whole. */
  readonly part?: string | undefined;
}

/** Places that devices chose. */
const OTHER_PART = 'other';

export interface ReadyOptions {
  readonly queue: () => QueueHealth;
  readonly lanes: () => readonly LaneState[];
  /** Parts without which pushes still go out. */
  readonly others?: () => readonly Check[];
  /** Parts without which what callers want cannot be done, though pushes may still go out. */
  readonly needed?: () => readonly Check[];
  /** True from the first signal to end on. */
  readonly draining: () => boolean;
}

/** A breaker that waits for a push to probe with must not keep pushes away. */
function statusOf({ lane, transport }: LaneState): CheckStatus {
  if (transport.status === 'fail' || lane.breaker === 'closed') return transport.status;
  return lane.probeDue ? 'warn' : 'fail';
}

/** `default/web/production/apple`: a host that a device chose is not told. */
const nameOf = ({ lane: { id }, part }: LaneState): string =>
  part === undefined ? id.key : `${id.app}/${id.provider}/${id.environment}/${part}`;

function laneCheck(state: LaneState): Check {
  const { lane, transport } = state;
  const why = transport.output ?? (lane.breaker === 'closed' ? undefined : 'the provider cannot be reached');
  const output = why !== undefined && state.part === OTHER_PART ? 'one of these places is in trouble' : why;
  return {
    name: nameOf(state),
    status: statusOf(state),
    ...(output ? { output } : {}),
    ...(transport.lastSuccessAt ? { last_success: new Date(transport.lastSuccessAt).toISOString() } : {}),
    breaker: lane.breaker,
    sessions: transport.sessions,
  };
}

/** A lane that has carried nothing yet is no proof that the credential of its sibling in the other environment is good. */
const isUntried = ({ status, last_success }: Check): boolean => status === 'pass' && last_success === undefined;

interface CheckedLane {
  readonly id: LaneId;
  readonly check: Check;
}

/** Lanes of one name as one check: it fails when all of them do. */
function merged(checks: readonly Check[]): Check {
  const [first, ...others] = checks as [Check, ...Check[]];
  if (others.length === 0) return first;
  const troubled = checks.filter(({ status }) => status !== 'pass');
  const isFailed = checks.every(({ status }) => status === 'fail');
  const last = checks
    .map(({ last_success = '' }) => last_success)
    .toSorted()
    .at(-1);
  return {
    name: first.name,
    status: isFailed ? 'fail' : troubled.length > 0 ? 'warn' : 'pass',
    ...(troubled.length > 0 ? { output: `${troubled.length} of ${checks.length} places are in trouble` } : {}),
    ...(last ? { last_success: last } : {}),
    breaker: checks.map(({ breaker = 'closed' }) => breaker).find((breaker) => breaker !== 'closed') ?? 'closed',
    sessions: checks.reduce((sum, { sessions = 0 }) => sum + sessions, 0),
  };
}

/** True when these lanes can send nothing: of each credential, which the lanes of an app and provider share, all lanes that were tried fail. */
function allFail(lanes: readonly CheckedLane[]): boolean {
  const credentials = Map.groupBy(lanes, ({ id: { app, provider } }) => `${app}/${provider}`);
  return (
    lanes.length > 0 &&
    [...credentials.values()].every((siblings) => {
      const tried = siblings.filter(({ check }) => !isUntried(check));
      return tried.length > 0 && tried.every(({ check }) => check.status === 'fail');
    })
  );
}

export interface Readiness {
  readonly status: 200 | 503;
  readonly body: { readonly status: CheckStatus; readonly checks: readonly Check[] };
}

/**
 * The body and status of /readyz. Not ready (503) when the queue cannot take pushes, when the hub's store is down, when all providers of all apps or of the
 * default app fail, or while the process drains: neither one provider's trouble nor one app's may take the others out of the
 * balancer. Why so: docs/operations.md.
 */
export function readiness(options: ReadyOptions): Readiness {
  const queue: Check = { name: 'queue', ...options.queue() };
  const lanes = options.lanes().map((state) => ({ id: state.lane.id, check: laneCheck(state) }));
  const draining = options.draining();
  const deaf = allFail(lanes) || allFail(lanes.filter(({ id }) => id.app === DEFAULT_APP));
  const needed = options.needed?.() ?? [];
  const failed = draining || queue.status === 'fail' || deaf || needed.some(({ status }) => status === 'fail');
  const byName = Map.groupBy(
    lanes.map(({ check }) => check),
    ({ name }) => name,
  );
  const checks = [queue, ...[...byName.values()].map(merged), ...needed, ...(options.others?.() ?? [])];
  const doubtful = checks.some((check) => check.status !== 'pass');
  const shutdown: Check[] = draining
    ? [{ name: 'shutdown', status: 'fail', output: 'the process is shutting down' }]
    : [];
  return {
    status: failed ? 503 : 200,
    body: { status: failed ? 'fail' : doubtful ? 'warn' : 'pass', checks: [...shutdown, ...checks] },
  };
}
