import { randomBytes } from 'node:crypto';
import type { DeliveryView } from '../sandbox/deliveries.ts';
import type { Exchange } from '../sandbox/exchange.ts';
import type { Fate } from '../sandbox/fate.ts';
import { openSecureServer, type SecureServer } from '../sandbox/secure-server.ts';
import type { Simulation } from '../sandbox/simulation.ts';
import type { Verdict } from '../sandbox/steering.ts';
import { phoneNumber } from './number.ts';
import { sizeOfSms } from './segments.ts';

export interface SmsServerOptions extends Simulation {
  readonly account: string;
  readonly token: string;
}

/** Twilio's own numbers for tests (twilio.com/docs/iam/test-credentials): what each is answered with. */
const MAGIC: Readonly<Record<string, number>> = {
  '+15005550001': 21211,
  '+15005550002': 21612,
  '+15005550003': 21408,
  '+15005550004': 21610,
  '+15005550009': 21614,
};

/** Numbers of ours that fail on purpose: `+1500555` and these four digits. */
const FATES: Readonly<Record<string, Fate>> = {
  '1200': 'slow',
  '1000': 'silent',
  '1400': 'bad-token',
  '1401': 'bad-credential',
  '1429': 'busy',
  '1430': 'busy-once',
  '1503': 'down',
  '1504': 'down-twice',
  '1255': 'cut',
};

/** Status and code of the verdicts that sandboxes have in common. */
const ANSWERS: Readonly<Partial<Record<Verdict, readonly [status: number, code: number]>>> = {
  busy: [429, 20429],
  down: [503, 20503],
  'bad-credential': [401, 20003],
  'stale-credential': [401, 20003],
};
const BAD_NUMBER = [400, 21211] as const;

const MOST_TEXT = 1600;

function formFault(form: URLSearchParams): number | undefined {
  if (phoneNumber(form.get('To') ?? '') === undefined) return 21211;
  if (!form.get('From') && !form.get('MessagingServiceSid')) return 21603;
  const text = form.get('Body') ?? '';
  if (text === '') return 21602;
  if (text.length > MOST_TEXT) return 21617;
  const validity = Number(form.get('ValidityPeriod') ?? 36_000);
  return Number.isInteger(validity) && validity >= 1 && validity <= 36_000 ? undefined : 21600;
}

const view: DeliveryView = { text: (payload) => ({ body: payload?.Body }) };

/** Simulated Messages API of Twilio. Speaks HTTP/1.1. */
export function openSmsServer(options: SmsServerOptions): Promise<SecureServer> {
  const { leaf, checks, steering, deliveries, account, token, now } = options;
  const path = `/2010-04-01/Accounts/${account}/Messages.json`;
  const login = `Basic ${Buffer.from(`${account}:${token}`).toString('base64')}`;

  const json = (exchange: Exchange, status: number, body: object, headers = {}) =>
    exchange.respond(status, { 'content-type': 'application/json', ...headers }, JSON.stringify(body));

  const refuse = (exchange: Exchange, status: number, code: number) => {
    const body = {
      code,
      message: `refused with ${code}`,
      more_info: `https://www.twilio.com/docs/errors/${code}`,
      status,
    };
    json(exchange, status, body, status === 429 || status === 503 ? { 'retry-after': 1 } : {});
  };

  const accept = (exchange: Exchange, form: URLSearchParams) => {
    const id = `SM${randomBytes(16).toString('hex')}`;
    const fields = Object.fromEntries(form);
    const { headers } = exchange;
    const payload = Buffer.from(JSON.stringify(fields));
    const target = form.get('To') ?? '';
    deliveries.record({
      at: now(),
      platform: 'sms',
      environment: 'production',
      kind: 'token',
      target,
      id,
      headers,
      payload,
      view,
    });
    const { segments } = sizeOfSms(form.get('Body') ?? '');
    json(exchange, 201, { sid: id, status: 'queued', to: target, num_segments: String(segments), error_code: null });
  };

  return openSecureServer({ leaf, http1: true }, (exchange) => {
    if (exchange.path !== path || exchange.method !== 'POST') return refuse(exchange, 404, 20404);
    if (checks.credentials && exchange.headers.authorization !== login) return refuse(exchange, 401, 20003);
    const form = new URLSearchParams(exchange.body.toString());
    const fault = checks.message ? formFault(form) : undefined;
    const to = form.get('To') ?? '';
    const magic = fault ?? MAGIC[to];
    if (magic !== undefined) return refuse(exchange, 400, magic);
    const fate = to.startsWith('+1500555') ? FATES[to.slice(8)] : undefined;
    steering.apply(exchange, fate ? `sandbox-${fate}` : to, (verdict) => {
      if (verdict === 'accept') accept(exchange, form);
      else refuse(exchange, ...(ANSWERS[verdict] ?? BAD_NUMBER));
    });
  });
}
