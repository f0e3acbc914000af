import type { Json } from '../push/push.ts';

/** A field of Google's message: its proto type, a list of them, an enum's names, or a message of further fields. */
type Field = 'string' | 'bool' | 'int32' | 'float' | 'duration' | 'timestamp' | 'map' | 'struct' | Enum | List | Fields;
type Enum = { readonly enum: readonly string[] };
type List = { readonly list: 'string' | 'duration' };
type Fields = { readonly fields: Readonly<Record<string, Field>> };

const options: Fields = { fields: { analytics_label: 'string' } };
const strings: List = { list: 'string' };
const color: Fields = { fields: { red: 'float', green: 'float', blue: 'float', alpha: 'float' } };

const androidNotification: Fields = {
  fields: {
    title: 'string',
    body: 'string',
    icon: 'string',
    color: 'string',
    sound: 'string',
    tag: 'string',
    click_action: 'string',
    channel_id: 'string',
    ticker: 'string',
    image: 'string',
    body_loc_key: 'string',
    title_loc_key: 'string',
    body_loc_args: strings,
    title_loc_args: strings,
    sticky: 'bool',
    local_only: 'bool',
    default_sound: 'bool',
    default_vibrate_timings: 'bool',
    default_light_settings: 'bool',
    bypass_proxy_notification: 'bool',
    event_time: 'timestamp',
    vibrate_timings: { list: 'duration' },
    notification_count: 'int32',
    notification_priority: {
      enum: [
        'PRIORITY_UNSPECIFIED',
        'PRIORITY_MIN',
        'PRIORITY_LOW',
        'PRIORITY_DEFAULT',
        'PRIORITY_HIGH',
        'PRIORITY_MAX',
      ],
    },
    visibility: { enum: ['VISIBILITY_UNSPECIFIED', 'PRIVATE', 'PUBLIC', 'SECRET'] },
    proxy: { enum: ['PROXY_UNSPECIFIED', 'ALLOW', 'DENY', 'IF_PRIORITY_LOWERED'] },
    light_settings: { fields: { color, light_on_duration: 'duration', light_off_duration: 'duration' } },
  },
};

const android: Fields = {
  fields: {
    collapse_key: 'string',
    priority: { enum: ['NORMAL', 'HIGH'] },
    ttl: 'duration',
    restricted_package_name: 'string',
    data: 'map',
    notification: androidNotification,
    fcm_options: options,
    direct_boot_ok: 'bool',
    bandwidth_constrained_ok: 'bool',
    restricted_satellite_ok: 'bool',
  },
};

/** https://firebase.google.com/docs/reference/fcm/rest/v1/projects.messages */
const message: Fields = {
  fields: {
    name: 'string',
    data: 'map',
    notification: { fields: { title: 'string', body: 'string', image: 'string' } },
    android,
    webpush: {
      fields: {
        headers: 'map',
        data: 'map',
        notification: 'struct',
        fcm_options: { fields: { link: 'string', analytics_label: 'string' } },
      },
    },
    apns: {
      fields: {
        headers: 'map',
        payload: 'struct',
        live_activity_token: 'string',
        fcm_options: { fields: { analytics_label: 'string', image: 'string' } },
      },
    },
    fcm_options: options,
    token: 'string',
    topic: 'string',
    condition: 'string',
    fid: 'string',
  },
};
const request: Fields = { fields: { validate_only: 'bool', message } };

/** A violation in Google's words, at a dotted path. */
export interface Violation {
  readonly field: string;
  readonly description: string;
}

const isObject = (value: unknown): value is Record<string, Json> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
// Google's JSON takes both spellings of a field, `body_loc_key` and `bodyLocKey`.
const snake = (name: string) => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

const scalars: Readonly<Record<string, (value: Json) => boolean>> = {
  string: (value) => typeof value === 'string',
  bool: (value) => typeof value === 'boolean',
  int32: (value) => /^-?\d+$/.test(String(value)) && typeof value !== 'boolean',
  float: (value) => typeof value === 'number' || (typeof value === 'string' && value !== '' && !Number.isNaN(+value)),
  duration: (value) => typeof value === 'string' && /^-?\d+(\.\d{1,9})?s$/.test(value),
  timestamp: (value) => typeof value === 'string' && !Number.isNaN(Date.parse(value)),
  struct: isObject,
};

const invalid = (field: string, type: string, value: Json): Violation[] => [
  { field, description: `Invalid value at '${field}' (${type}), ${JSON.stringify(value)}` },
];
const typeName = (type: string) => `TYPE_${type.toUpperCase()}`;

function mapViolations(value: Json, at: string): Violation[] {
  if (!isObject(value)) return invalid(at, 'TYPE_MESSAGE', value);
  return Object.values(value).flatMap((item, i) =>
    typeof item === 'string' ? [] : invalid(`${at}[${i}].value`, 'TYPE_STRING', item),
  );
}

function fieldsViolations({ fields }: Fields, value: Json, at: string): Violation[] {
  if (!isObject(value)) return invalid(at, 'TYPE_MESSAGE', value);
  return Object.entries(value).flatMap(([key, item]) => {
    const field = Object.hasOwn(fields, snake(key)) ? fields[snake(key)] : undefined;
    if (field) return violations(field, item, at ? `${at}.${snake(key)}` : snake(key));
    const description = `Invalid JSON payload received. Unknown name "${key}"${at ? ` at '${at}'` : ''}: Cannot find field.`;
    return [{ field: at, description }];
  });
}

function violations(field: Field, value: Json, at: string): Violation[] {
  if (value === null) return [];
  if (field === 'map') return mapViolations(value, at);
  if (typeof field === 'string') return scalars[field]?.(value) ? [] : invalid(at, typeName(field), value);
  if ('fields' in field) return fieldsViolations(field, value, at);
  if ('enum' in field) {
    return field.enum.includes(String(value).toUpperCase()) ? [] : invalid(at, 'TYPE_ENUM', value);
  }
  if (!Array.isArray(value)) return invalid(at, typeName(field.list), value);
  return value.flatMap((item, i) => violations(field.list, item, `${at}[${i}]`));
}

/** What Google's JSON mapping says against the body of `messages:send`; empty when nothing. */
export const fcmViolations = (body: Json): Violation[] => violations(request, body, '');
