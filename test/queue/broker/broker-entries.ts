import { apns } from '../../../src/apns/provider.ts';
import { builtIn } from '../../../src/providers/registry.ts';
import type { Notification } from '../../../src/push/push.ts';
import { targetsOf } from '../../../src/push/targets.ts';
import type { BrokerQueueOptions } from '../../../src/queue/broker/broker-queue.ts';
import type { Batch, Queue, QueuedRequest, QueueEntry, Restore } from '../../../src/queue/queue.ts';
import { laneId } from '../../support/lane-id.ts';
import { until } from '../../support/until.ts';

export const LANE = laneId();

let serial = 0;

export function entryOf(notification: Notification, request?: QueuedRequest): QueueEntry {
  const groups = targetsOf(notification, (builtIn.numbered(notification.platform) ?? apns).requests);
  return {
    request: request ?? { id: `r${++serial}`, app: 'default', acceptedAt: Date.now() },
    index: 0,
    app: notification.app || 'default',
    lane: LANE,
    platform: 'ios',
    provider: 'apns',
    environment: 'production',
    notification,
    groups,
    urgent: false,
    slice: 100,
    since: performance.now(),
    open: groups.reduce((sum, group) => sum + group.targets.length, 0),
    key: 0,
    cost: 0,
  };
}

export const push = (...tokens: string[]): QueueEntry => entryOf({ platform: 1, tokens });

const restoreReporting =
  (failed: string[]): Restore =>
  ({ body, isDone, givenUp, ...request }) => {
    if (givenUp) {
      const { tokens = [] } = body.length > 0 ? notificationIn(body) : {};
      const what = 'unreadable' in givenUp ? `Unreadable: ${givenUp.unreadable}` : `SetAside after ${givenUp.deaths}`;
      failed.push([request.id, what, ...tokens].join(' '));
      return { unreadable: what };
    }
    const entry = entryOf(notificationIn(body), request);
    let open = 0;
    for (let place = 0; place < entry.open; place++) if (!isDone(0, place)) open++;
    return open > 0 ? [{ ...entry, open }] : [];
  };

function notificationIn(body: Uint8Array): Notification {
  const { notifications } = JSON.parse(Buffer.from(body).toString()) as { notifications: [Notification] };
  const [notification] = notifications;
  return { ...notification, tokens: notification.tokens ?? [] };
}

/** Options of a queue, what it told, and what it had reported as failed: `r1 Unreadable: why`. */
export function listening(
  limit = 1000,
  room: Pick<BrokerQueueOptions, 'apps' | 'maxCost'> = {},
): BrokerQueueOptions & { readonly told: string[]; readonly failed: string[] } {
  const told: string[] = [];
  const failed: string[] = [];
  const tell = (level: string, message: string): unknown => told.push(`${level}: ${message}`);
  return { ...room, limit, wake: () => {}, restore: restoreReporting(failed), tell, told, failed };
}

/** Takes batches until they hold so many targets. */
export async function take(queue: Queue, count: number): Promise<Batch[]> {
  const batches: Batch[] = [];
  const targets = (): number => batches.reduce((sum, batch) => sum + batch.targets.length, 0);
  const done = (): boolean => {
    for (let batch = queue.take(LANE, 100); batch; batch = queue.take(LANE, 100)) batches.push(batch);
    return targets() >= count;
  };
  await until(done, `${count} targets are handed out`);
  return batches;
}

export const targetsIn = (batches: readonly Batch[]): string[] => batches.flatMap(({ targets }) => targets);

export function settleAll(queue: Queue, batches: readonly Batch[]): void {
  for (const batch of batches) queue.settle(batch, [...batch.targets.keys()]);
}

/** A message as golang-queue v0.5.0 (Gorush v1.22.0) writes it. */
export const gorushMessage = (notification: object): string =>
  JSON.stringify({
    timeout: 3_600_000_000_000,
    body: Buffer.from(JSON.stringify(notification)).toString('base64'),
    retry_count: 0,
    retry_delay: 0,
    retry_factor: 2,
    retry_min: 100_000_000,
    retry_max: 10_000_000_000,
    jitter: false,
  });

/** What Gorush's own struct makes of a request with one token: `dismissal-date` has no omitempty. */
export const gorushNotification = {
  tokens: ['old'],
  platform: 1,
  message: 'hi',
  topic: 'com.example',
  'dismissal-date': 0,
};
