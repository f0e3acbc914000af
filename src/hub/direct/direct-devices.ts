import { toError } from '../../kit/errors.ts';
import type { DeviceBook, DeviceVerdict, ReachableDevice } from '../devices/device.ts';
import type { PushQuestion } from '../push/push-carrier.ts';
import type { HubStore } from '../storage/storage.ts';
import { readDirectBatch } from './direct-batch.ts';
import type { EndedDirect } from './direct-sends.ts';
import type { PushTopics } from './push-topics.ts';

/** The devices, found by their tokens. */
export interface DevicesByToken extends Pick<DeviceBook, 'applyVerdicts'> {
  byToken(app: string, platform: string, token: string): Promise<readonly ReachableDevice[]>;
}

export interface DirectDevicesOptions {
  readonly store: Pick<HubStore, 'seal'>;
  readonly devices: DevicesByToken;
  readonly topics: Pick<PushTopics, 'find' | 'remove'>;
  readonly tell: (level: 'warn', message: string) => void;
}

const OF_PERSON = 'u-';
const OF_TOPIC = 't-';

/** What the batches of a person's pushes are about: a hash, which says nothing to who reads the queue. */
export const aboutPerson = ({ seal }: Pick<HubStore, 'seal'>, app: string, user: string): string =>
  OF_PERSON + seal.hash('user', app, user);

export const aboutTopic = (id: string): string => OF_TOPIC + id;

/** What direct sends learn about devices and topics, and ask of them. */
export class DirectDevices {
  readonly #options: DirectDevicesOptions;

  constructor(options: DirectDevicesOptions) {
    this.#options = options;
  }

  /**
   * Dead tokens go: before the next push, and never one that came again since. One that is taken is not suspected any more.
   * @returns undefined where nothing is to be noted; never rejects
   */
  readonly ended = (outcomes: readonly EndedDirect[]): Promise<void> | undefined => {
    const telling = outcomes.filter((each) => verdictOf(each) !== undefined);
    if (telling.length === 0) return undefined;
    return this.#note(telling).catch((thrown: unknown) =>
      this.#options.tell('warn', `what providers said of tokens was not noted: ${toError(thrown).message}`),
    );
  };

  /** What waited is sent to those who still have the token, and to topics that still have it. */
  readonly stillWanted = async ({ app, batch, targets }: PushQuestion): Promise<readonly boolean[]> => {
    const { platform, about } = readDirectBatch(batch);
    if (about.startsWith(OF_TOPIC)) {
      const topic = await this.#options.topics.find(app, about.slice(OF_TOPIC.length));
      return targets.map((target) => topic?.target === target);
    }
    const owned = targets.map(async (target) => {
      const devices = await this.#options.devices.byToken(app, platform, target);
      return devices
        .filter(isSentTo)
        .some(({ users }) => users.some((user) => aboutPerson(this.#options.store, app, user) === about));
    });
    return Promise.all(owned);
  };

  async #note(outcomes: readonly EndedDirect[]): Promise<void> {
    const { devices, topics } = this.#options;
    const verdicts: DeviceVerdict[] = [];
    for (const ended of outcomes) {
      const { platform, about, sentAt } = readDirectBatch(ended.batch);
      const isDead = verdictOf(ended) === 'dead';
      if (!about.startsWith(OF_TOPIC)) {
        const found = await devices.byToken(ended.app, platform, ended.target);
        verdicts.push(...found.flatMap((device) => verdictAbout(device, ended, sentAt)));
        continue;
      }
      const id = about.slice(OF_TOPIC.length);
      const topic = isDead ? await topics.find(ended.app, id) : undefined;
      if (topic?.target === ended.target) await topics.remove(ended.app, id);
    }
    if (verdicts.length > 0) await devices.applyVerdicts(verdicts);
  }
}

/** Neither dead nor switched off. */
export const isSentTo = ({ status, enabled }: Pick<ReachableDevice, 'status' | 'enabled'>): boolean =>
  enabled && status === 'active';

function verdictOf({ batch, outcome, late }: EndedDirect): DeviceVerdict['verdict'] | undefined {
  if (outcome.kind === 'accepted') {
    const isTaken = outcome.receipt === undefined || late !== undefined;
    return isTaken && readDirectBatch(batch).isSuspect ? 'taken' : undefined;
  }
  if (outcome.category === 'invalid_token') return 'dead';
  return outcome.reason === 'KeyMismatch' ? 'key_mismatch' : undefined;
}

/** A token that came again after the push was made is another matter, unless the provider says since when it is dead. */
function verdictAbout(device: ReachableDevice, ended: EndedDirect, sentAt: number): DeviceVerdict[] {
  const { app, outcome, at } = ended;
  const verdict = verdictOf(ended);
  if (!verdict) return [];
  if (outcome.kind === 'accepted')
    return device.token_at > sentAt
      ? []
      : [{ app, device: device.id, tokenRev: device.token_rev, verdict, reason: '', at }];
  const deadSince = outcome.unregisteredAt === undefined ? undefined : Date.parse(outcome.unregisteredAt);
  if (deadSince === undefined && device.token_at > sentAt) return [];
  return [{ app, device: device.id, tokenRev: device.token_rev, verdict, reason: outcome.reason, at, deadSince }];
}
