import { collapseHash } from '../../../carrier/collapse-hash.ts';
import { defined } from '../../../kit/json/defined.ts';
import { toSeconds } from '../../../kit/seconds.ts';
import { builtIn } from '../../../providers/registry.ts';
import type { JsonObject, Notification } from '../../../push/push.ts';
import type { DeviceKind } from '../decide-input.ts';
import { iosTopic } from '../gate.ts';
import type { OverridePlatform } from '../overrides-doc.ts';
import { type Content, type ContentSources, contentOf } from './content.ts';
import { laidOver } from './laid-over.ts';
import { silenced } from './silenced.ts';

/** What pushes of one notification differ by. */
export interface PushVariant {
  /** `ios android huawei web expo ntfy`. */
  readonly platform: string;
  readonly kind: DeviceKind;
  /** `production` or `development`, where the device has said which. */
  readonly environment?: string | undefined;
  /** Of the device, then of the person. */
  readonly languages: readonly (string | undefined)[];
  /** Of a device that several people share. */
  readonly user?: string | undefined;
  readonly silent?: boolean | undefined;
  /** Number on the app's icon. */
  readonly badge?: number | undefined;
}

interface Rendering extends ContentSources {
  readonly variant: PushVariant;
  readonly content: Content;
  /** UNIX milliseconds. */
  readonly now: number;
}

/** Of digests: `very-low` is what browsers take when they are awake anyway. */
const DIGEST = 'digest';

/** Gorush's word for how a push is sent; absent: as the provider does without one. */
const priorityOf = ({ notification: { priority }, variant: { silent } }: Rendering): string =>
  silent ? 'normal' : priority === 'high' || priority === 'critical' ? 'high' : 'normal';

/** That of the hub for platforms that know all four words. */
const wordOf = ({ notification: { priority }, variant: { silent } }: Rendering): string =>
  silent ? 'low' : priority === 'medium' ? 'normal' : priority;

const soundOf = ({ notification: { priority, sound }, policy, variant }: Rendering): string | undefined =>
  variant.silent ? undefined : (sound ?? policy.priorities[priority].sound) || undefined;

const levelOf = ({ notification: { priority }, policy, variant: { silent } }: Rendering): string =>
  silent ? 'passive' : policy.priorities[priority].interruption_level;

/** UNIX seconds. */
const expirationOf = ({ notification: { expires_at: at } }: Rendering): number | undefined =>
  at === undefined ? undefined : Math.ceil(toSeconds(Date.parse(at)));

const secondsLeft = (rendering: Rendering): number | undefined => {
  const at = expirationOf(rendering);
  return at === undefined ? undefined : Math.max(1, Math.ceil(at - toSeconds(rendering.now)));
};

/** Drops what is undefined. */
const given = (object: { readonly [name: string]: unknown }): JsonObject => defined(object) as JsonObject;

const base = ({ variant: { platform }, notification: { id }, content }: Rendering): Notification =>
  given({
    notif_id: id,
    platform: builtIn.ofPlatform(platform)?.number,
    tokens: [],
    title: content.title,
    message: content.message,
    data: content.data,
  }) as unknown as Notification;

/** A header of APNs takes 64 bytes of visible characters. */
const APNS_COLLAPSE = /^[\x21-\x7e]{1,64}$/;

const collapseOf = (
  { notification: { app, collapse_key: key } }: Rendering,
  fits = APNS_COLLAPSE,
): string | undefined => (key === undefined || fits.test(key) ? key : collapseHash(app, key));

const SUFFIX: Readonly<Record<DeviceKind, string>> = {
  alert: '',
  voip: '.voip',
  liveactivity: '.push-type.liveactivity',
};

const hasText = ({ title, message }: Pick<Notification, 'title' | 'message'>): boolean => Boolean(title || message);

function ios(rendering: Rendering): Notification {
  const { variant, notification, policy, content } = rendering;
  const isAlert = variant.kind === 'alert';
  const isBackground = isAlert && !hasText(content);
  const { priority } = notification;
  return {
    ...base(rendering),
    ...given({
      push_type: isAlert ? (isBackground ? 'background' : undefined) : variant.kind,
      content_available: isBackground || undefined,
      // 10 wakes the screen: everything but what is low or silent.
      priority: variant.silent || isBackground || priority === 'low' ? 'normal' : 'high',
      sound: isBackground ? undefined : soundOf(rendering),
      interruption_level: isBackground ? undefined : levelOf(rendering),
      category: content.category ?? (policy.priorities[priority].category || undefined),
      'thread-id': content.thread,
      collapse_id: collapseOf(rendering),
      expiration: expirationOf(rendering),
      badge: variant.badge,
      mutable_content: content.image ? true : undefined,
      production: variant.environment === 'production' ? true : undefined,
      development: variant.environment === 'development' ? true : undefined,
    }),
  };
}

/** The topic is that of the app, with the suffix that the kind of the token has. */
function withTopic(rendering: Rendering, notification: Notification): Notification {
  const suffix = SUFFIX[rendering.variant.kind];
  const topic = notification.topic || iosTopic(rendering);
  return { ...notification, topic: topic.endsWith(suffix) ? topic : topic + suffix };
}

function android(rendering: Rendering): Notification {
  const { variant, notification, content } = rendering;
  const left = secondsLeft(rendering);
  const shown = given({
    tag: notification.collapse_key,
    sound: soundOf(rendering),
    notification_priority: variant.silent ? 'PRIORITY_LOW' : undefined,
    notification_count: variant.badge,
  });
  return {
    ...base(rendering),
    ...given({ image: content.image, priority: priorityOf(rendering) }),
    android: given({
      collapse_key: notification.collapse_key,
      ttl: left === undefined ? undefined : `${left}s`,
      notification: hasText(content) && Object.keys(shown).length > 0 ? shown : undefined,
    }),
  };
}

/** What a phone of Huawei shows; without a text it shows nothing, and gets the data alone. */
const huaweiNotice = ({ variant, notification, content }: Rendering, isHigh: boolean): JsonObject =>
  given({
    tag: notification.collapse_key,
    group: content.thread,
    importance: variant.silent ? 'LOW' : isHigh ? 'HIGH' : 'NORMAL',
    click_action: content.url?.startsWith('https://') ? { type: 2, url: content.url } : { type: 3 },
    badge: variant.badge === undefined ? undefined : { set_num: variant.badge },
    auto_cancel: true,
    foreground_show: true,
    use_default_vibrate: !variant.silent,
    use_default_light: true,
  });

function huawei(rendering: Rendering): Notification {
  const { content } = rendering;
  const { title, message } = content;
  const left = secondsLeft(rendering);
  const { data, ...rest } = base(rendering);
  return {
    ...rest,
    huawei_data: JSON.stringify(data),
    ...given({
      // Huawei takes no notice that lacks one of them.
      title: title || message,
      message: message || title,
      image: hasText(content) ? content.image : undefined,
      priority: priorityOf(rendering),
      category: content.category,
      huawei_ttl: left === undefined ? undefined : `${left}s`,
      huawei_notification: hasText(content) ? huaweiNotice(rendering, priorityOf(rendering) === 'high') : undefined,
    }),
  } as Notification;
}

/** Buttons as browsers and ntfy read them. */
const actionsOf = ({ actions }: Content): JsonObject[] | undefined =>
  actions.length === 0 ? undefined : actions.map(({ id, title, url }) => given({ action: id, title, url }));

function web(rendering: Rendering): Notification {
  const { variant, notification, policy, content } = rendering;
  const byPriority = policy.priorities[notification.priority].urgency;
  const urgency = notification.type === DIGEST ? 'very-low' : variant.silent ? 'low' : byPriority;
  return {
    ...base(rendering),
    ...given({
      image: content.image,
      url: content.url,
      actions: actionsOf(content),
      collapse_id: notification.collapse_key,
      expiration: expirationOf(rendering),
      badge: variant.badge,
      interruption_level: variant.silent ? 'passive' : undefined,
      web: given({ urgency, lang: content.locale }),
    }),
  };
}

function expo(rendering: Rendering): Notification {
  const { variant, notification, policy, content } = rendering;
  return {
    ...base(rendering),
    ...given({
      image: content.image,
      priority: priorityOf(rendering),
      sound: soundOf(rendering),
      interruption_level: levelOf(rendering),
      category: content.category ?? (policy.priorities[notification.priority].category || undefined),
      collapse_id: collapseOf(rendering),
      expiration: expirationOf(rendering),
      badge: variant.badge,
      url: content.url,
    }),
  };
}

function ntfy(rendering: Rendering): Notification {
  const { notification, content } = rendering;
  return {
    ...base(rendering),
    ...given({
      image: content.image,
      priority: wordOf(rendering),
      url: content.url,
      actions: actionsOf(content),
      collapse_id: notification.collapse_key,
    }),
  };
}

const makers: Readonly<Record<string, (rendering: Rendering) => Notification>> = {
  ios,
  android,
  huawei,
  web,
  expo,
  ntfy,
};

/**
 * The relay notification of a push for devices of one variant, without tokens.
 * @param now UNIX milliseconds, for what counts seconds from now on
 */
export function pushOf(sources: ContentSources, variant: PushVariant, now: number): Notification {
  const { platform, languages, user } = variant;
  const rendering: Rendering = { ...sources, variant, content: contentOf(sources, 'push', languages, user), now };
  const make = makers[platform];
  if (!make) throw new Error(`no push to the platform ${platform}`);
  const made = make(rendering);
  const laid = laidOver(sources, 'push', platform as OverridePlatform, made);
  const whole = variant.silent ? silenced(made, laid) : laid;
  return platform === 'ios' ? withTopic(rendering, whole) : whole;
}
