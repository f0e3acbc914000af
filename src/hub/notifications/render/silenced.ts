import { isObject } from '../../../kit/is-object.ts';
import { mergePatch } from '../../../kit/json/merge-patch.ts';
import type { Json, JsonObject, Notification } from '../../../push/push.ts';

/** What makes a push loud, in the words of the providers. */
const LOUD: ReadonlySet<string> = new Set([
  'sound',
  'volume',
  'default_sound',
  'vibrate_timings',
  'default_vibrate_timings',
  'vibrate_config',
  'notification_priority',
  'importance',
  'interruption_level',
  'interruptionLevel',
  'interruption-level',
  'silent',
  'urgency',
  'priority',
]);

const isInner = (name: string, value: unknown): value is JsonObject => isObject(value) && name !== 'data';

const withoutLoud = (object: JsonObject): JsonObject =>
  Object.fromEntries(
    Object.entries(object).flatMap(([name, value]) =>
      LOUD.has(name) ? [] : [[name, isInner(name, value) ? withoutLoud(value) : value]],
    ),
  );

const onlyLoud = (object: JsonObject): JsonObject =>
  Object.fromEntries(
    Object.entries(object).flatMap(([name, value]): [string, Json | undefined][] => {
      if (!isInner(name, value)) return LOUD.has(name) ? [[name, value]] : [];
      const loud = onlyLoud(value);
      return Object.keys(loud).length > 0 ? [[name, loud]] : [];
    }),
  );

/**
 * A silent push with the sender's own words over it: they do not make loud what quiet hours have made silent.
 * @param made by the hub @param laid the same with what the sender has laid over it
 */
export function silenced(made: Notification, laid: Notification): Notification {
  return withQuietAps(made === laid ? made : withoutLoudOverrides(made, laid));
}

/** APNs: `data.aps` is laid over what the hub makes, too. */
function withQuietAps(notification: Notification): Notification {
  const { data } = notification;
  if (!isObject(data?.aps)) return notification;
  return { ...notification, data: { ...data, aps: withoutLoud(data.aps as JsonObject) } };
}

function withoutLoudOverrides(made: Notification, laid: Notification): Notification {
  // APNs: a name of a sound makes a critical alert.
  const { name: _, ...rest } = laid as unknown as JsonObject;
  return mergePatch(withoutLoud(rest), onlyLoud(made as unknown as JsonObject)) as Notification;
}
