/** A browser's Web Push subscription, kept as a device of the person. */
import type { Failure, Result } from '../failure.ts';

type Permission = 'granted' | 'denied' | 'default';

/** `PushSubscription` of a browser. */
interface BrowserSubscription {
  readonly options: { readonly applicationServerKey: ArrayBuffer | null };
  toJSON(): unknown;
  unsubscribe(): Promise<boolean>;
}

/** `ServiceWorkerRegistration`. */
interface BrowserRegistration {
  readonly pushManager: {
    getSubscription(): Promise<BrowserSubscription | null>;
    subscribe(options: {
      readonly userVisibleOnly: true;
      readonly applicationServerKey: Uint8Array<ArrayBuffer>;
    }): Promise<BrowserSubscription>;
  };
}

/** What the page must have; the defaults are the browser's. */
export interface PushSurroundings {
  /** `navigator.serviceWorker` */
  readonly serviceWorker: {
    register(url: string): Promise<unknown>;
    /** Never resolves where none was registered. */
    readonly ready: Promise<BrowserRegistration>;
    getRegistration(): Promise<BrowserRegistration | undefined>;
  };
  readonly askPermission: () => Promise<Permission>;
}

export interface WebPushOptions {
  /** URL of the service worker of this package as the page's server has it; it must be at or above the pages that it serves. */
  readonly serviceWorker: string;
  /** The public key of the VAPID pair that is `current`, base64url. */
  readonly applicationServerKey: string;
}

/** `PushSubscription.toJSON()` with the key that it was made with. */
export interface KeptSubscription {
  readonly endpoint: string;
  readonly keys: { readonly p256dh: string; readonly auth: string };
  readonly application_server_key: string;
}

const refused = (message: string): { readonly ok: false; readonly error: Failure } => ({
  ok: false,
  error: { kind: 'invalid', message },
});

/** Undefined: this browser has no Web Push, or the page did not come over https. */
export function browserPush(): PushSurroundings | undefined {
  const { navigator, Notification, PushManager } = globalThis as {
    navigator?: { serviceWorker?: PushSurroundings['serviceWorker'] };
    Notification?: { requestPermission(): Promise<Permission> };
    PushManager?: unknown;
  };
  if (!navigator?.serviceWorker || !Notification || !PushManager) return undefined;
  return { serviceWorker: navigator.serviceWorker, askPermission: () => Notification.requestPermission() };
}

const bytesOf = (base64url: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(atob(base64url.replaceAll('-', '+').replaceAll('_', '/')), (character) => character.charCodeAt(0));

const sameBytes = (one: ArrayBuffer | null, other: Uint8Array): boolean =>
  one !== null && other.length === one.byteLength && new Uint8Array(one).every((byte, index) => byte === other[index]);

/** Asks the person, and subscribes; a subscription that was made with another key is replaced. Call it from a click. */
export async function subscribe(
  { serviceWorker, applicationServerKey }: WebPushOptions,
  surroundings: PushSurroundings | undefined,
): Promise<Result<{ readonly subscription: KeptSubscription }>> {
  if (!surroundings) return refused('this browser has no Web Push, or the page is not served over https');
  const permission = await surroundings.askPermission();
  if (permission !== 'granted') return refused(`the person's answer to notifications is "${permission}"`);
  try {
    await surroundings.serviceWorker.register(serviceWorker);
    const { pushManager } = await surroundings.serviceWorker.ready;
    const key = bytesOf(applicationServerKey);
    const before = await pushManager.getSubscription();
    const isGood = before !== null && sameBytes(before.options.applicationServerKey, key);
    if (before && !isGood) await before.unsubscribe();
    const made = isGood ? before : await pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
    const { endpoint, keys } = made.toJSON() as Omit<KeptSubscription, 'application_server_key'>;
    return { ok: true, subscription: { endpoint, keys, application_server_key: applicationServerKey } };
  } catch (thrown) {
    return refused(`the browser refused: ${(thrown as Error).message}`);
  }
}

/** Pushes to this browser end here, whatever the server still sends. */
export async function unsubscribe(surroundings: PushSurroundings | undefined): Promise<void> {
  if (!surroundings) return;
  const registration = await surroundings.serviceWorker.getRegistration();
  const before = await registration?.pushManager.getSubscription();
  await before?.unsubscribe();
}
