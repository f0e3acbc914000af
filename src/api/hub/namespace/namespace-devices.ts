import type { ReachableDevice } from '../../../hub/devices/device.ts';
import type { Devices } from '../../../hub/devices/devices.ts';
import { PROVIDER_NAMES, providerName, wayOfProvider } from '../../../hub/direct/direct-push.ts';
import type { HubStore } from '../../../hub/storage/storage.ts';
import { nameOf, textOf } from '../../../kit/json/readers.ts';
import { isoInstant } from '../../../kit/time/instant.ts';
import { actorOf } from '../actor.ts';
import { HubRefusal, unprocessable } from '../hub-refusal.ts';
import { type HubRoute, hubRoute } from '../hub-route.ts';
import { personOf } from './person-of.ts';
import { must, readFields } from './push-fields.ts';

export interface NamespaceDevicesParts {
  readonly store: Pick<HubStore, 'seal'>;
  readonly devices: Pick<Devices, 'put' | 'delete' | 'ofUsers'>;
}

/** Bytes. */
const MAX_BODY = 4096;
const LONGEST_TOKEN = 512;
const ID_LENGTH = 22;

const fields = {
  user_id: textOf(256),
  device_id: nameOf(256),
  provider: textOf(64),
  token: textOf(LONGEST_TOKEN),
  platform: nameOf(64),
  app_version: nameOf(256),
};

/** How a device that was registered here is named by its client. */
export const ownDeviceId = ({ id, capabilities }: Pick<ReachableDevice, 'id' | 'capabilities'>): string =>
  typeof capabilities.device_id === 'string' ? capabilities.device_id : id;

function deviceView(device: ReachableDevice) {
  const { capabilities, app_version } = device;
  return {
    id: device.id,
    device_id: ownDeviceId(device),
    provider: providerName(device),
    ...(typeof capabilities.platform === 'string' ? { platform: capabilities.platform } : {}),
    ...(app_version === undefined ? {} : { app_version }),
    status: device.status,
    created_at: isoInstant(device.registered_at),
    updated_at: isoInstant(device.token_at),
    last_seen: isoInstant(device.last_seen_at),
  };
}

/** A person's devices, the one heard of last first. */
export const namespaceDeviceRoutes = ({ store, devices }: NamespaceDevicesParts): readonly HubRoute[] => [
  hubRoute({
    ...{ method: 'POST', path: '/v1/push/devices', scope: 'users', own: 'own' },
    maxBody: MAX_BODY,
    action: 'device.register',
    async handle(request) {
      const { app, body, person, keep } = request;
      const given = readFields(fields, body);
      const user = personOf(request, given.user_id);
      const [device_id, token] = [must(given.device_id, 'device_id'), must(given.token, 'token')];
      const way = wayOfProvider(given.provider ?? '');
      if (!way) throw unprocessable({ path: 'provider', reason: `must be one of ${PROVIDER_NAMES.join(', ')}` });
      const { platform, app_version } = given;
      const id = store.seal.hash('namespace device', app, JSON.stringify([user, device_id])).slice(0, ID_LENGTH);
      const document = {
        ...{ ...way, user, token, capabilities: { device_id, ...(platform ? { platform } : {}) } },
        ...(app_version ? { app_version } : {}),
      };
      const answer = { status: 200, body: { status: 'ok', id, device_id } };
      const also = (tx: Parameters<typeof keep>[0]) => keep(tx, answer);
      await devices.put({ app, by: actorOf(request), person, also }, id, document);
      return answer;
    },
  }),
  hubRoute({
    ...{ method: 'GET', path: '/v1/push/devices', scope: 'users', own: 'own' },
    async handle(request) {
      const user = personOf(request, request.query.text('user_id'));
      const own = (await devices.ofUsers(request.app, [user])).get(user) ?? [];
      const shown = own.toSorted((a, b) => b.last_seen_at - a.last_seen_at).map(deviceView);
      return { status: 200, body: { devices: shown } };
    },
  }),
  hubRoute({
    ...{ method: 'DELETE', path: '/v1/push/devices/{id}', scope: 'users', own: 'own' },
    action: 'device.delete',
    async handle(request) {
      const { app, params, person } = request;
      if (await devices.delete({ app, by: actorOf(request), person }, params.id))
        return { status: 200, body: { status: 'ok' } };
      throw new HubRefusal('not_found', 'there is no such device');
    },
  }),
  hubRoute({
    ...{ method: 'DELETE', path: '/v1/push/devices/', scope: 'users', own: 'own' },
    async handle() {
      throw unprocessable({ path: 'id', reason: 'is required' });
    },
  }),
];
