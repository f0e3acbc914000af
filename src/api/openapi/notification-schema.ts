import type { JsonSchema } from '../../push/wire/decoding.ts';
import { notification } from '../../push/wire/notification-fields.ts';
import { nullable } from '../../push/wire/nullable.ts';
import { ref } from './api-group.ts';
import { notificationDocs } from './notification-docs.ts';

/** Fields that are objects of their own, by the names that they get. */
const NAMED: { readonly [field: string]: string } = {
  alert: 'ApnsAlert',
  notification: 'FcmNotification',
  android: 'FcmAndroidConfig',
  webpush: 'FcmWebpushConfig',
  apns: 'FcmApnsConfig',
  fcm_options: 'FcmOptions',
  huawei_notification: 'HuaweiNotification',
};

type Properties = { readonly [field: string]: JsonSchema };

const isField = (name: string): name is keyof typeof notificationDocs => Object.hasOwn(notificationDocs, name);

function property(name: string, schema: JsonSchema): JsonSchema {
  if (!isField(name)) return schema;
  const [platforms, description] = notificationDocs[name];
  const named = NAMED[name];
  const shape = named ? nullable(ref(named)) : schema;
  return { ...shape, description, ...(platforms.length < 3 ? { 'x-platforms': platforms } : {}) };
}

/** A notification as its decoder takes it, and the objects in it: names of components and their schemas. */
export function notificationSchemas(): Properties {
  const fields = notification.schema.properties as Properties;
  const properties = Object.entries(fields).map(([name, schema]) => [name, property(name, schema)]);
  const named = Object.entries(NAMED).map(([field, name]) => [name, { ...fields[field], type: 'object' }]);
  return {
    Notification: {
      type: 'object',
      description:
        'One message for one platform. Names match in any case, null is like absent, and unknown fields are ignored, as Go reads JSON.',
      properties: Object.fromEntries(properties),
    },
    ...Object.fromEntries(named),
  };
}
