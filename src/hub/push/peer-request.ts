import { createHash } from 'node:crypto';
import { toSeconds } from '../../kit/seconds.ts';
import { DEFAULT_APP } from '../../push/app-name.ts';
import type { Notification } from '../../push/push.ts';
import { encodePushRequest } from '../../push/wire/encode-push-request.ts';
import type { Attempts } from '../../queue/queue.ts';
import type { HubBatch } from './push-carrier.ts';

/** Targets of one batch that travel together. */
export interface BatchPart extends HubBatch {
  readonly targets: readonly string[];
  readonly attempts: Attempts;
  /** Monotonic milliseconds at which the batch was handed over. */
  readonly since: number;
}

/** One request to another Gorush: parts for one platform of one app, in which each target is there once. */
export interface PeerRequest {
  readonly app: string;
  readonly platform: number;
  readonly parts: BatchPart[];
  readonly targets: Set<string>;
}

/** Gorush takes no more of them for Android, and no more notifications in a request by default. */
const MOST_TARGETS = 500;
const MOST_PARTS = 100;
/** The platforms of Gorush. */
const OF_GORUSH = 3;

/** Only a Martlet knows apps, and platforms that Gorush does not have. */
export const needsMartlet = ({ app, platform }: Pick<PeerRequest, 'app' | 'platform'>): boolean =>
  app !== DEFAULT_APP || platform > OF_GORUSH;

/** Packs parts into as few requests as may be. @param most targets of one request */
export function packed(parts: readonly BatchPart[], most: number): PeerRequest[] {
  const full: PeerRequest[] = [];
  const open = new Map<string, PeerRequest>();
  for (const part of parts.flatMap((part) => divided(part, Math.min(most, MOST_TARGETS)))) {
    const { app, notification } = part;
    const key = `${notification.platform} ${app}`;
    const known = open.get(key);
    const request = known && hasRoom(known, part, most) ? known : newRequest(part);
    if (known && known !== request) full.push(known);
    request.parts.push(part);
    for (const target of part.targets) request.targets.add(target);
    open.set(key, request);
  }
  return [...full, ...open.values()];
}

/** Each part of a request alone. */
export const alone = ({ parts }: PeerRequest): PeerRequest[] =>
  parts.map((part) => ({ ...newRequest(part), parts: [part], targets: new Set(part.targets) }));

const newRequest = ({ app, notification: { platform } }: BatchPart): PeerRequest => ({
  app,
  platform,
  parts: [],
  targets: new Set(),
});

const hasRoom = ({ parts, targets }: PeerRequest, more: BatchPart, most: number): boolean =>
  parts.length < MOST_PARTS &&
  targets.size + more.targets.length <= most &&
  more.targets.every((target) => !targets.has(target));

function divided(part: BatchPart, most: number): BatchPart[] {
  const { targets } = part;
  if (targets.length <= most) return [part];
  const pieces = Math.ceil(targets.length / most);
  return Array.from({ length: pieces }, (_, i) => ({ ...part, targets: targets.slice(i * most, (i + 1) * most) }));
}

function notificationOf({ app, notification, targets, expiresAt }: BatchPart): Notification {
  const expiration = expiresAt === undefined ? {} : { expiration: Math.ceil(toSeconds(expiresAt)) };
  const named = app === DEFAULT_APP ? {} : { app };
  return { ...expiration, ...notification, ...named, tokens: [...targets] };
}

export const bodyOf = ({ parts }: PeerRequest): string => encodePushRequest(parts.map(notificationOf));

/** The same for the same attempt at the same pushes: a Martlet that has taken it answers as it did then. */
export function idempotencyKeyOf({ parts }: PeerRequest): string {
  const hash = createHash('sha256');
  for (const { batch, attempts, targets } of parts) hash.update(JSON.stringify([batch, attempts.sent, targets]));
  return `hub-${hash.digest('base64url')}`;
}
