import type { ReachableDevice } from '../../../hub/devices/device.ts';
import { isReadable } from '../../../hub/devices/device-rows.ts';
import type { Devices } from '../../../hub/devices/devices.ts';
import { isObject } from '../../../kit/is-object.ts';
import { isoInstant } from '../../../kit/time/instant.ts';
import type { JsonObject } from '../../../push/push.ts';
import { actorOf } from '../actor.ts';
import type { HubAnswer } from '../hub-answer.ts';
import { HubRefusal, unprocessable } from '../hub-refusal.ts';
import { type HubRequest, type HubRoute, hubRoute } from '../hub-route.ts';
import { personOf } from '../namespace/person-of.ts';

export interface DjangoParts {
  readonly devices: Pick<Devices, 'post' | 'patch' | 'delete' | 'ofUsers' | 'byToken'>;
  /** How the API shows a token that is not for the caller's eyes. */
  readonly masked: (platform: string, target: string) => string;
  /** Pushes a test to all devices of a person; absent: `hub.test_endpoint` is off. */
  readonly sendTest?:
    | ((app: string, user: string, push: { title: string; message: string }) => Promise<HubAnswer>)
    | undefined;
}

/** The tables of django-push-notifications, and the platform of each. */
const TABLES = { apns: 'ios', gcm: 'android' } as const;
type Table = keyof typeof TABLES;

const CLOUD_TYPES = ['FCM', 'GCM'];

const notFound = (): HubRefusal => new HubRefusal('not_found', 'Not found.');

/** Text fields that may be null or empty; what is not known is ignored, as there. */
function textIn(body: JsonObject, name: string): string | undefined {
  const value = body[name];
  if (value === undefined || value === null || value === '') return undefined;
  if (typeof value !== 'string') throw unprocessable({ path: name, reason: 'Not a valid string.' });
  return value;
}

function activeIn({ active }: JsonObject): boolean | undefined {
  if (active === undefined || typeof active === 'boolean') return active;
  throw unprocessable({ path: 'active', reason: 'Must be a valid boolean.' });
}

/** The same, where null and an empty text take the field away. */
function clearedIn(body: JsonObject, name: string): JsonObject {
  const text = textIn(body, name);
  if (text !== undefined) return { [name]: text };
  return body[name] === undefined ? {} : { [name]: null };
}

/**
 * What a body says, as a merge patch of a device of the hub: what it does not say stays.
 * @param whole the registration id has to be there
 */
function documentOf(table: Table, body: unknown, whole: boolean): JsonObject {
  if (!isObject(body)) throw unprocessable({ path: '', reason: 'Invalid data. Expected a dictionary.' });
  const given = body as JsonObject;
  const token = textIn(given, 'registration_id');
  const type = table === 'gcm' ? textIn(given, 'cloud_message_type') : undefined;
  if (type !== undefined && !CLOUD_TYPES.includes(type))
    throw unprocessable({ path: 'cloud_message_type', reason: `"${type.slice(0, 20)}" is not a valid choice.` });
  if (whole && token === undefined) throw unprocessable({ path: 'registration_id', reason: 'This field is required.' });
  const active = activeIn(given);
  const capabilities = {
    ...clearedIn(given, 'device_id'),
    ...(type === undefined ? {} : { cloud_message_type: type }),
  };
  return {
    ...(token === undefined ? {} : { platform: TABLES[table], token }),
    ...clearedIn(given, 'name'),
    ...(active === undefined ? {} : { enabled: active }),
    ...(Object.keys(capabilities).length > 0 ? { capabilities } : {}),
  };
}

/** The person's own token is shown whole to that person alone. */
function rowOf(table: Table, device: ReachableDevice, person: string | undefined, { masked }: DjangoParts): JsonObject {
  const { capabilities, name = null, users, enabled, status, registered_at, platform } = device;
  const isOwn = person !== undefined && users.includes(person);
  const target = device.target();
  return {
    registration_id: isOwn ? target : masked(platform, target),
    device_id: typeof capabilities.device_id === 'string' ? capabilities.device_id : null,
    name,
    active: enabled && status === 'active',
    date_created: isoInstant(registered_at),
    ...(table === 'gcm'
      ? {
          cloud_message_type:
            typeof capabilities.cloud_message_type === 'string' ? capabilities.cloud_message_type : 'FCM',
        }
      : {}),
    ...(person === undefined ? { user_id: users[0] ?? null } : {}),
  };
}

const isAlert = ({ kind }: ReachableDevice): boolean => kind === 'alert';

class DjangoTable {
  readonly #table: Table;
  readonly #parts: DjangoParts;

  constructor(table: Table, parts: DjangoParts) {
    this.#table = table;
    this.#parts = parts;
  }

  readonly list = async (request: HubRequest): Promise<HubAnswer> => {
    const own = await this.#ofPerson(request.app, personOf(request, request.query.text('user_id')));
    const newest = own.toSorted((a, b) => b.registered_at - a.registered_at);
    return { status: 200, body: newest.map((device) => this.#row(device, request)) };
  };

  /** The same registration id again is the same row, as with UPDATE_ON_DUPLICATE_REG_ID. */
  readonly create = async (request: HubRequest): Promise<HubAnswer> => {
    const { app, body, person, keep } = request;
    const document = documentOf(this.#table, body, true);
    const user = personOf(request, isObject(body) ? body.user_id : undefined);
    let answer: HubAnswer | undefined;
    const { device, created } = await this.#parts.devices.post(
      {
        app,
        by: actorOf(request),
        person,
        also: async (tx, result) => {
          const reached = { ...result.device, target: () => String(document.token) };
          answer = { status: result.created ? 201 : 200, body: this.#row(reached, request) };
          await keep(tx, answer);
        },
      },
      { ...document, user },
    );
    return answer ?? { status: created ? 201 : 200, body: this.#row({ ...device, target: () => '' }, request) };
  };

  readonly read = async (request: HubRequest): Promise<HubAnswer> => {
    return { status: 200, body: this.#row(await this.#find(request), request) };
  };

  /** @param whole PUT, which has to bring the registration id */
  readonly change =
    (whole: boolean) =>
    async (request: HubRequest): Promise<HubAnswer> => {
      const { app, body, person } = request;
      const before = await this.#find(request);
      const { token, platform, ...document } = documentOf(this.#table, body, whole);
      const isOther = token !== undefined && token !== before.target();
      const patch = { ...document, ...(isOther ? { token, platform } : {}) };
      await this.#parts.devices.patch({ app, by: actorOf(request), person }, before.id, patch);
      const after = (
        await this.#parts.devices.byToken(app, TABLES[this.#table], String(token ?? before.target()))
      ).find(isAlert);
      if (!after) throw notFound();
      return { status: 200, body: this.#row(after, request) };
    };

  readonly remove = async (request: HubRequest): Promise<HubAnswer> => {
    const { app, person } = request;
    const { id } = await this.#find(request);
    await this.#parts.devices.delete({ app, by: actorOf(request), person }, id);
    return { status: 204 };
  };

  async #ofPerson(app: string, user: string): Promise<readonly ReachableDevice[]> {
    const own = (await this.#parts.devices.ofUsers(app, [user])).get(user) ?? [];
    return own.filter((device) => device.platform === TABLES[this.#table] && isAlert(device) && isReadable(device));
  }

  /** A dead one, and one of another person, is not there. */
  async #find({ app, params, person }: HubRequest): Promise<ReachableDevice> {
    const found = await this.#parts.devices.byToken(app, TABLES[this.#table], String(params.registration_id));
    const device = found.find(
      (each) => isAlert(each) && isReadable(each) && (person === undefined || each.users.includes(person)),
    );
    if (device && device.status !== 'invalid') return device;
    throw notFound();
  }

  #row(device: ReachableDevice, { person }: Pick<HubRequest, 'person'>): JsonObject {
    return rowOf(this.#table, device, person, this.#parts);
  }
}

function tableRoutes(table: Table, parts: DjangoParts): readonly HubRoute[] {
  const own = new DjangoTable(table, parts);
  const common = { scope: 'users', own: 'own' } as const;
  const both = (path: string): string[] => [path, `${path}/`];
  const all = both(`/api/push/${table}`).flatMap((path) => [
    hubRoute({ ...common, method: 'GET', path, handle: own.list }),
    hubRoute({ ...common, method: 'POST', path, action: 'device.register', handle: own.create }),
  ]);
  const one = both(`/api/push/${table}/{registration_id}`).flatMap((path) => [
    hubRoute({ ...common, method: 'GET', path, handle: own.read }),
    hubRoute({ ...common, method: 'PUT', path, action: 'device.update', handle: own.change(true) }),
    hubRoute({ ...common, method: 'PATCH', path, action: 'device.update', handle: own.change(false) }),
    hubRoute({ ...common, method: 'DELETE', path, action: 'device.delete', handle: own.remove }),
  ]);
  return [...all, ...one];
}

function testRoutes(send: NonNullable<DjangoParts['sendTest']>): readonly HubRoute[] {
  const handle = async (request: HubRequest): Promise<HubAnswer> => {
    const body = isObject(request.body) ? (request.body as JsonObject) : {};
    const [title = 'Test', message = 'Test'] = ['title', 'message'].map((name) => textIn(body, name));
    return send(request.app, personOf(request, body.user_id), { title, message });
  };
  return ['/api/push/test', '/api/push/test/'].map((path) =>
    hubRoute({ ...{ method: 'POST', path, scope: 'push', own: 'own', body: 'maybe' }, action: 'push.test', handle }),
  );
}

/** The routes of django-push-notifications, on the devices of the hub. */
export const djangoRoutes = (parts: DjangoParts): readonly HubRoute[] => [
  ...tableRoutes('apns', parts),
  ...tableRoutes('gcm', parts),
  ...(parts.sendTest ? testRoutes(parts.sendTest) : []),
];
