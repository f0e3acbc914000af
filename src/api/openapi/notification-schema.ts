import type { ProviderTable } from '../../providers/registry.ts';
import type { JsonSchema } from '../../push/wire/decoding.ts';
import { nullable } from '../../push/wire/nullable.ts';
import { sharedFieldDocs } from '../../push/wire/shared-fields.ts';
import { ref } from './api-group.ts';
import { fieldsOfAll, notificationDocs } from './notification-docs.ts';

/** Fields of Gorush that are objects of their own, by the names that they get. */
const NAMED: { readonly [field: string]: string } = {
  alert: 'ApnsAlert',
  notification: 'FcmNotification',
  android: 'FcmAndroidConfig',
  webpush: 'FcmWebpushConfig',
  apns: 'FcmApnsConfig',
  fcm_options: 'FcmOptions',
  huawei_notification: 'HuaweiNotification',
};

/** `thread-id` and `thread_id` have one name in Go. */
const GO_NAMES: { readonly [field: string]: string } = { thread_id: 'MailThread' };

type Properties = { readonly [field: string]: JsonSchema };

interface FieldDocs {
  readonly description: string;
  /** The platforms that read it; all of them where absent. */
  readonly platforms?: readonly string[];
  /** The name of its schema among the components. */
  readonly component?: string | undefined;
}

/** What is said of each field: of Gorush's and the shared ones here, of a provider's own in its row. */
function docsOf({ rows, platforms }: ProviderTable): ReadonlyMap<string, FieldDocs> {
  const common = Object.entries({ ...notificationDocs, ...sharedFieldDocs });
  const docs = new Map<string, FieldDocs>();
  for (const [name, description] of common) {
    const readers = rows.filter(({ requests }) => (requests.reads as readonly string[]).includes(name));
    const isOfAll = fieldsOfAll.has(name) || readers.length === platforms.length;
    const names = isOfAll ? {} : { platforms: readers.map(({ platform }) => platform) };
    docs.set(name, { description, component: NAMED[name], ...names });
  }
  for (const { platform, requests } of rows)
    for (const [name, { docs: description, component }] of Object.entries(requests.fields ?? {}))
      docs.set(name, { description, component, platforms: [platform] });
  return docs;
}

const numbers = ({ rows }: ProviderTable): string =>
  rows.map(({ number, platform, title }) => `${number} or \`${platform}\` (${title.platform})`).join(', ');

function property(schema: JsonSchema, docs: FieldDocs | undefined): JsonSchema {
  if (!docs) return schema;
  const { description, platforms, component } = docs;
  const shape = component ? nullable(ref(component)) : schema;
  return { ...shape, description, ...(platforms ? { 'x-platforms': platforms } : {}) };
}

/** A notification as its decoder takes it, and the objects in it: names of components and their schemas. */
export function notificationSchemas(providers: ProviderTable): Properties {
  const fields = providers.decoder.notification.schema.properties as Properties;
  const docs = docsOf(providers);
  const properties = Object.fromEntries(
    Object.entries(fields).map(([name, schema]): [string, JsonSchema] => {
      const goName = GO_NAMES[name] ? { 'x-go-name': GO_NAMES[name] } : {};
      return [name, { ...property(schema, docs.get(name)), ...goName }];
    }),
  );
  const { platform } = properties;
  const named = [...docs].flatMap(([field, { component }]) =>
    component ? [[component, { ...fields[field], type: 'object' }] as const] : [],
  );
  return {
    Notification: {
      type: 'object',
      description:
        'One message for one platform. Names match in any case, null is like absent, and unknown fields are ignored, as Go reads JSON.',
      properties: {
        ...properties,
        platform: { ...platform, description: `${platform?.description} ${numbers(providers)}.` },
      },
    },
    ...Object.fromEntries(named),
  };
}
