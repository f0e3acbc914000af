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

/** A delivery as it is kept: accepting a push parses and copies nothing. */
export interface RawPush {
  readonly at: number;
  readonly platform: PlatformName;
  readonly environment: Environment;
  readonly kind: TargetKind;
  readonly target: string;
  readonly id: string;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly payload: Buffer;
  /** Default: `title` and `body` of the payload, and no headers but its type. */
  readonly view?: DeliveryView;
}

function parse(payload: Buffer): Json {
  try {
    return JSON.parse(payload.toString());
  } catch {
    return payload.toString();
  }
}

/** Payloads of any form: what is not there is undefined. */
export type AnyPayload = { readonly [key: string]: AnyPayload | undefined } | undefined;

/** How the deliveries of one provider are shown. */
export interface DeliveryView {
  /** Headers that say what becomes of the push, by their names in lower case; `content-type` is always shown. */
  showsHeader?(name: string): boolean;
  /** Title and body as the device shows them; what is no text is left out. */
  text(payload: AnyPayload): { readonly title?: unknown; readonly body?: unknown };
}

const PLAIN: DeliveryView = { text: (payload) => payload ?? {} };

const given = (value: unknown): string | undefined => (typeof value === 'string' && value ? value : undefined);

function present(raw: RawPush): ArrivedPush {
  const payload = parse(raw.payload);
  const view = raw.view ?? PLAIN;
  const headers = Object.entries(raw.headers).filter(([name]) => name === 'content-type' || view.showsHeader?.(name));
  const text = view.text(payload as unknown as AnyPayload);
  const [title, body] = [given(text.title), given(text.body)];
  return {
    at: new Date(raw.at).toISOString(),
    platform: raw.platform,
    environment: raw.environment,
    kind: raw.kind,
    target: raw.target,
    ...(title ? { title } : {}),
    ...(body ? { body } : {}),
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
