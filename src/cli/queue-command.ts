import type { Config } from '../config/schema.ts';
import { hasBit } from '../kit/bits.ts';
import { toError } from '../kit/errors.ts';
import { builtIn } from '../providers/registry.ts';
import { targetGroups } from '../providers/targets.ts';
import type { Notification } from '../push/push.ts';
import { targetCount } from '../push/targets.ts';
import type { JournalRecord } from '../queue/file/journal-record.ts';
import { type JournalSnapshot, readJournal, remaining } from '../queue/file/read-journal.ts';
import { type AsideTask, changeSetAside, listAside, queueFiles } from './queue-aside.ts';

export interface QueueCommandOptions {
  /** The queue file; with `family`, those of its sibling processes too. */
  readonly path: string;
  readonly family: boolean;
  readonly say: (line: string) => void;
  /** UNIX milliseconds. */
  readonly now?: () => number;
}

/** How many of the oldest requests are listed. */
const OLDEST = 10;
const UNITS = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'min'],
] as const;

function duration(ms: number): string {
  const unit = UNITS.find(([size]) => ms >= size);
  return unit ? `${Math.floor(ms / unit[0])} ${unit[1]}` : `${Math.max(0, Math.floor(ms / 1000))} s`;
}

/** Reads each file and tells about it. @returns false when one cannot be read, or `tell` says so. */
function eachFile(options: QueueCommandOptions, tell: (snapshot: JournalSnapshot) => boolean): boolean {
  let good = true;
  for (const path of queueFiles(options)) {
    options.say(path);
    try {
      good = tell(readJournal(path)) && good;
    } catch (error) {
      options.say(`  cannot be read: ${toError(error).message}`);
      good = false;
    }
  }
  return good;
}

const remainingIn = ({ records }: JournalSnapshot): number =>
  records.reduce((sum, record) => sum + remaining(record), 0);

/** App, platform and, where the request says so, environment: what decides about the lane, but for the configuration. */
function laneOf({ app }: JournalRecord, { platform, production, development }: Notification): string {
  const name = builtIn.numbered(platform)?.platform ?? `platform ${platform}`;
  return `${app}, ${name}${production ? ', production' : development ? ', development' : ''}`;
}

/** Pushes of one notification that have no final outcome. */
function openPushes(notification: Notification, done: Uint8Array | undefined): number {
  const size = targetCount(targetGroups(notification, builtIn));
  let open = 0;
  for (let place = 0; place < size; place++) if (!done || !hasBit(done, place)) open++;
  return open;
}

interface LaneSum {
  notifications: number;
  pushes: number;
}

/** What waits in each lane. */
function lanesOf(records: readonly JournalRecord[]): Map<string, LaneSum> {
  const lanes = new Map<string, LaneSum>();
  for (const record of records) {
    const decoded = builtIn.decoder.decode(record.body);
    for (const [index, notification] of (decoded.ok ? decoded.notifications : []).entries()) {
      const pushes = openPushes(notification, record.done.get(index));
      if (pushes === 0) continue;
      const lane = laneOf(record, notification);
      const sum = lanes.get(lane) ?? { notifications: 0, pushes: 0 };
      lanes.set(lane, { notifications: sum.notifications + 1, pushes: sum.pushes + pushes });
    }
  }
  return lanes;
}

function showLanes({ records }: JournalSnapshot, say: (line: string) => void): void {
  const lanes = lanesOf(records);
  if (lanes.size > 0) say('  lanes (app, platform, environment where the request names it):');
  for (const [lane, { notifications, pushes }] of [...lanes].sort()) {
    say(`    ${lane.padEnd(32)} ${pushes} pushes of ${notifications} notifications`);
  }
}

function showOldest({ records }: JournalSnapshot, say: (line: string) => void, now: number): void {
  const oldest = [...records].sort((a, b) => a.acceptedAt - b.acceptedAt).slice(0, OLDEST);
  if (oldest.length > 0) say('  oldest requests:');
  for (const record of oldest) {
    const { id, acceptedAt, pushes } = record;
    const lanes = [...lanesOf([record]).keys()].join('; ');
    const age = duration(now - acceptedAt).padStart(6);
    say(`    ${age}  ${new Date(acceptedAt).toISOString()}  ${id}  ${remaining(record)} of ${pushes} pushes  ${lanes}`);
  }
}

/**
 * `martlet queue`: depth, age, lanes and oldest requests of a queue file, used by a relay or not. Never tokens or payloads.
 * @returns false when a file cannot be read.
 */
export function showQueue(options: QueueCommandOptions): boolean {
  const { say, now = Date.now } = options;
  return eachFile(options, (snapshot) => {
    const { records, reports, aside, pushesFor } = snapshot;
    if (pushesFor === 'sandbox') say('  of sandbox mode: its pushes are for no real device');
    const oldest = Math.min(...records.map(({ acceptedAt }) => acceptedAt));
    const age = records.length > 0 ? `, the oldest for ${duration(now() - oldest)}` : '';
    say(`  ${remainingIn(snapshot)} pushes of ${records.length} requests wait${age}`);
    if (reports > 0) say(`  ${reports} failed pushes are still to be reported to the feedback hook`);
    if (aside.length > 0) say(`  ${aside.length} requests and reports are set aside: martlet queue aside`);
    showLanes(snapshot, say);
    showOldest(snapshot, say, now());
    return true;
  });
}

/**
 * `martlet queue verify`: whether every push that a file ever took is settled or still in it.
 * @returns false when the sums do not add up, or a file cannot be read.
 */
export function verifyQueue(options: QueueCommandOptions): boolean {
  return eachFile(options, (snapshot) => {
    const { accepted, settled } = snapshot.totals;
    const left = remainingIn(snapshot);
    const missing = accepted - settled - left;
    const verdict = missing === 0 ? 'adds up' : `${Math.abs(missing)} ${missing > 0 ? 'missing' : 'too many'}`;
    options.say(`  accepted ${accepted}, settled ${settled}, remaining ${left}: ${verdict}`);
    return missing === 0;
  });
}

export type QueueTask = { readonly do: 'show' | 'verify' | 'aside' } | AsideTask;

export interface InspectOptions {
  readonly task: QueueTask;
  /** The file that is asked for. */
  readonly file: string | undefined;
  /** Of the configuration, whose files are shown where none is asked for. */
  readonly configured: Config['queue'] | undefined;
  readonly say: (line: string) => void;
}

/** `martlet queue …`. @returns false when there is no file, one cannot be used, or the sums do not add up */
export function inspectQueue({ task, file, configured, say }: InspectOptions): boolean {
  const path = file ?? configured?.local.path ?? '';
  if (configured && (configured.engine !== 'local' || path === '')) {
    const where = configured.engine === 'local' ? 'in memory' : `at ${configured.engine}`;
    say(`the queue is ${where}: there is no file`);
    return false;
  }
  const options = { path, family: configured !== undefined, say };
  if ('id' in task) return changeSetAside(task, options);
  return { show: showQueue, verify: verifyQueue, aside: listAside }[task.do](options);
}
