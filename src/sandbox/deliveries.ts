import type { Environment, Json, PlatformName, TargetKind } from '../push/push.ts';

/** A push that arrived, as the device (or the subscribers of the topic) would see it. */
export interface ArrivedPush {
  /** ISO 8601. */
  readonly at: string;
  readonly platform: PlatformName;
  readonly environment: Environment;
  readonly kind: TargetKind;
  readonly target: string;
  readonly title?: string;
  readonly body?: string;
  /** The provider's id of it: apns-id, FCM name, HMS requestId. */
  readonly id: string;
  /** Request headers but those of the transport and the credentials. */
  readonly headers: Readonly<Record<string, string>>;
  /** The request's JSON as received; integers above 2^53 are rounded here. */
  readonly payload: Json;
}

/** A delivery before anybody has looked at it: accepting a push parses and copies nothing. */
export interface RawPush {
  readonly at: number;
  readonly platform: PlatformName;
  readonly environment: Environment;
  readonly kind: TargetKind;
  readonly target: string;
  readonly id: string;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly payload: Buffer;
}

/** Headers of Web Push (RFC 8030) that say what becomes of a push. */
const WEB_PUSH: ReadonlySet<string> = new Set(['ttl', 'urgency', 'topic', 'content-encoding']);

const shown = (name: string) => name.startsWith('apns-') || name === 'content-type' || WEB_PUSH.has(name);

function parse(payload: Buffer): Json {
  try {
    return JSON.parse(payload.toString());
  } catch {
    return payload.toString();
  }
}

type Loose = { [key: string]: Loose | undefined } | undefined;
const text = (value: unknown): string | undefined => (typeof value === 'string' && value ? value : undefined);

/** Title and body as the platform would show them: the more specific place wins. */
function shownText(platform: PlatformName, payload: Loose): { title?: string; body?: string } {
  const message = payload?.message;
  const places =
    platform === 'ios'
      ? [payload?.aps?.alert]
      : [message?.android?.notification, message?.notification, payload?.notification];
  const alert = payload?.aps?.alert;
  const title = places.map((place) => text(place?.title)).find(Boolean);
  const body = text(alert) ?? places.map((place) => text(place?.body)).find(Boolean);
  return { ...(title ? { title } : {}), ...(body ? { body } : {}) };
}

function present(raw: RawPush): ArrivedPush {
  const payload = parse(raw.payload);
  const headers = Object.entries(raw.headers).filter(([name]) => shown(name));
  return {
    at: new Date(raw.at).toISOString(),
    platform: raw.platform,
    environment: raw.environment,
    kind: raw.kind,
    target: raw.target,
    ...shownText(raw.platform, payload as unknown as Loose),
    id: raw.id,
    headers: Object.fromEntries(headers.map(([name, value]) => [name, String(value)])),
    payload,
  };
}

/** The last pushes that arrived, at most `limit` of them, oldest first. */
export class Deliveries {
  readonly #limit: number;
  readonly #ring: RawPush[] = [];
  #total = 0;

  constructor(limit = 1000) {
    this.#limit = limit;
  }

  /** How many have arrived since the start, the forgotten ones too. */
  get total(): number {
    return this.#total;
  }

  record(delivery: RawPush): void {
    this.#ring[this.#total % this.#limit] = delivery;
    this.#total += 1;
  }

  list(): ArrivedPush[] {
    const oldest = this.#total > this.#limit ? this.#total % this.#limit : 0;
    return [...this.#ring.slice(oldest), ...this.#ring.slice(0, oldest)].map(present);
  }
}
