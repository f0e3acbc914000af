import { randomUUID } from 'node:crypto';
import type { ReachableDevice } from '../../../hub/devices/device.ts';
import { isReadable } from '../../../hub/devices/device-rows.ts';
import type { Devices } from '../../../hub/devices/devices.ts';
import { aboutPerson, aboutTopic, isSentTo } from '../../../hub/direct/direct-devices.ts';
import { type DirectPush, PROVIDER_NAMES, providerName, wayOfProvider } from '../../../hub/direct/direct-push.ts';
import { type DirectResult, type DirectSends, wasNotSent } from '../../../hub/direct/direct-sends.ts';
import type { DirectTarget } from '../../../hub/direct/direct-target.ts';
import { isTopicId, type PushTopics, topicIdOf } from '../../../hub/direct/push-topics.ts';
import type { HubStore } from '../../../hub/storage/storage.ts';
import { textOf } from '../../../kit/json/readers.ts';
import { isoInstant } from '../../../kit/time/instant.ts';
import type { HubAnswer } from '../hub-answer.ts';
import { HubRefusal, unprocessable } from '../hub-refusal.ts';
import { type HubRequest, type HubRoute, hubRoute } from '../hub-route.ts';
import { ownDeviceId } from './namespace-devices.ts';
import { personOf } from './person-of.ts';
import { chooseFields, must, pushFields, pushOf, readFields } from './push-fields.ts';

export interface NamespaceSendsParts {
  readonly store: Pick<HubStore, 'seal'>;
  readonly devices: Pick<Devices, 'ofUsers' | 'takeTries' | 'giveTries'>;
  readonly topics: Pick<PushTopics, 'find' | 'register' | 'remove'>;
  readonly direct: Pick<DirectSends, 'isConfigured' | 'send'>;
  /** A person has no device that it could go to. @param notification `message_id`, or an id of its own */
  readonly unreached: (app: string, user: string, notification: string) => Promise<void>;
  /** `core.sync_timeout`, milliseconds. */
  readonly waitMs: number;
}

/** Bytes. */
const MAX_MESSAGE = 65_536;
const MAX_TOPIC = 4096;

const NOT_CONFIGURED =
  'push not configured for namespace; set credentials via PUT /v1/namespace/push-credentials/{provider} or legacy /v1/push/config';
const NO_TOPIC = 'there is no such topic';

/** Kinds that a send reaches. */
const REACHED = new Set(['alert', 'voip']);

/** Those that are sent to: active ones, of the provider that is asked for, else without the one that is not. */
function chosen(devices: readonly ReachableDevice[], target = '', exclude = ''): readonly ReachableDevice[] {
  const active = devices.filter((device) => isSentTo(device) && REACHED.has(device.kind));
  if (target !== '') return active.filter((device) => providerName(device) === target);
  return active.filter((device) => providerName(device) !== exclude);
}

const isPending = ({ reason }: DirectResult): boolean => reason === 'Pending';

/** 502 when any failed for good; what is still being tried is no failure. What did not fail is not sent again by a retry. */
function answerOf(results: readonly DirectResult[]): HubAnswer {
  const body = {
    devices_attempted: results.length,
    devices_succeeded: results.filter(({ success }) => success).length,
    results,
    ...(results.length === 0 ? { no_channel: true } : {}),
  };
  if (results.every((result) => result.success || isPending(result)))
    return { status: 200, body: { status: 'ok', ...body } };
  const message = 'one or more devices failed';
  const partial = results.filter((result) => result.success || isPending(result));
  return { status: 502, body: { error: message, code: 502, message, ...body }, partial };
}

interface Choice {
  readonly target?: string | undefined;
  readonly exclude?: string | undefined;
  /** Of an earlier request with the same key, what did not fail. */
  readonly partial?: unknown;
}

/** Pushes to a person's devices. */
export type UserSend = (app: string, user: string, push: DirectPush, choice?: Choice) => Promise<HubAnswer>;

const doneBefore = (partial: unknown): readonly DirectResult[] =>
  Array.isArray(partial) ? (partial as readonly DirectResult[]) : [];

export const createUserSend =
  ({ store, devices, direct, unreached, waitMs }: NamespaceSendsParts): UserSend =>
  async (app, user, push, { target, exclude, partial } = {}) => {
    const before = doneBefore(partial);
    const isDone = new Set(before.map(({ device_id: id }) => id));
    const all = chosen((await devices.ofUsers(app, [user])).get(user) ?? [], target, exclude);
    const open = all.filter((device) => !isDone.has(ownDeviceId(device)) && isReadable(device));
    const suspects = open.filter(({ suspect }) => suspect !== undefined);
    const spent = suspects.length > 0 ? await devices.takeTries(app, suspects.map(idOf)) : new Set();
    const own = open.filter(({ id }) => !spent.has(id));
    if (own.length + before.length === 0) await unreached(app, user, push.messageId ?? randomUUID());
    const targets = own.map(targetOf);
    const results = await direct.send({ app, about: aboutPerson(store, app, user), push, waitMs }, targets);
    const left = own.filter(({ suspect }, at) => suspect && wasNotSent(results[at] as DirectResult));
    if (left.length > 0) await devices.giveTries(app, left.map(idOf));
    return answerOf([...before, ...results]);
  };

const idOf = ({ id }: ReachableDevice): string => id;

const targetOf = (device: ReachableDevice): DirectTarget => {
  const { platform, kind, environment, suspect } = device;
  return {
    platform,
    kind,
    environment,
    id: ownDeviceId(device),
    target: device.target(),
    isSuspect: suspect !== undefined,
  };
};

/** Pushes to a person's devices, and to topics, which are known by the hash of a secret. */
export function namespaceSendRoutes(parts: NamespaceSendsParts): readonly HubRoute[] {
  const { topics, direct, waitMs } = parts;
  const configured = (app: string): void => {
    if (!direct.isConfigured(app)) throw new HubRefusal('unavailable', NOT_CONFIGURED);
  };
  const toPerson = createUserSend(parts);
  return [
    hubRoute({
      ...{ method: 'POST', path: '/v1/push/send', scope: 'push', maxBody: MAX_MESSAGE, action: 'push.send' },
      async handle(request) {
        const { user_id, target_provider, exclude_provider, ...given } = readFields(
          { user_id: textOf(256), ...pushFields, ...chooseFields },
          request.body,
        );
        const user = personOf(request, must(user_id, 'user_id'));
        configured(request.app);
        const choice = { target: target_provider, exclude: exclude_provider, partial: request.partial };
        return toPerson(request.app, user, pushOf(given), choice);
      },
    }),
    hubRoute({
      ...{
        method: 'POST',
        path: '/v1/push/topics/send',
        scope: 'push',
        maxBody: MAX_MESSAGE,
        action: 'push.send_topic',
      },
      async handle({ app, body }) {
        const { topic_id, ...given } = readFields({ topic_id: textOf(64), ...pushFields }, body);
        if (!isTopicId(topic_id))
          throw unprocessable({ path: 'topic_id', reason: 'must be 64 hexadecimal digits in lower case' });
        const topic = await topics.find(app, topic_id);
        if (!topic) throw new HubRefusal('not_found', NO_TOPIC);
        configured(app);
        const send = { app, about: aboutTopic(topic_id), push: pushOf(given), waitMs };
        return answerOf(await direct.send(send, [topic]));
      },
    }),
    ...topicRoutes(topics),
  ];
}

/** The secret comes in the body, or in a header where proxies drop the bodies of DELETE. @throws HubRefusal, which never holds it */
function topicOf(given: string | undefined, { req }: Pick<HubRequest, 'req'>): string {
  const header = req.headers['x-topic-secret'];
  const id = topicIdOf(given ?? header);
  if (id === undefined) throw unprocessable({ path: 'topic_secret', reason: 'must be 16 to 64 bytes in hexadecimal' });
  return id;
}

/** Nothing of these is in the audit log: it would say whose a topic is. */
function topicRoutes(topics: NamespaceSendsParts['topics']): readonly HubRoute[] {
  const removal = async (request: HubRequest): Promise<HubAnswer> => {
    const { topic_secret } = readFields({ topic_secret: textOf(256) }, request.body ?? {});
    if (await topics.remove(request.app, topicOf(topic_secret, request)))
      return { status: 200, body: { status: 'ok' } };
    throw new HubRefusal('not_found', NO_TOPIC);
  };
  const common = { scope: 'users', own: 'own', maxBody: MAX_TOPIC } as const;
  return [
    hubRoute({
      ...{ ...common, method: 'POST', path: '/v1/push/topics' },
      async handle(request) {
        const given = readFields({ topic_secret: textOf(256), provider: textOf(64), token: textOf(512) }, request.body);
        const id = topicOf(given.topic_secret, request);
        const token = must(given.token, 'token');
        const way = wayOfProvider(given.provider ?? '');
        if (!way) throw unprocessable({ path: 'provider', reason: `must be one of ${PROVIDER_NAMES.join(', ')}` });
        const registered = await topics.register(request.app, id, { ...way, token });
        if (typeof registered !== 'number') throw unprocessable(...registered);
        return { status: 200, body: { status: 'ok', topic_id: id, expires_at: isoInstant(registered) } };
      },
    }),
    hubRoute({ ...{ ...common, method: 'DELETE', path: '/v1/push/topics', body: 'maybe' }, handle: removal }),
    hubRoute({ ...{ ...common, method: 'POST', path: '/v1/push/topics/remove', body: 'maybe' }, handle: removal }),
  ];
}
