import { isIP } from 'node:net';
import { isWebhookSecret } from '../kit/http/webhook-signature.ts';
import { toMs } from '../kit/seconds.ts';
import { isLocalName, isPrivateAddress } from '../outbound/private-address.ts';

/** Where an app's failed pushes are reported, and how. */
export interface HookTarget {
  readonly url: string;
  /** `name:value` each. */
  readonly headers: readonly string[];
  /** For one call; milliseconds. */
  readonly timeoutMs: number;
  /** Standard Webhooks secrets, newest first; bodies are signed with each. Empty: not signed. */
  readonly secrets: readonly string[];
  /** How calls are signed; default `standard`. */
  readonly format?: 'standard' | 'mailbox' | undefined;
  /** Loopback, private and link-local addresses may be called. */
  readonly allowPrivate: boolean;
  /** The operator's own hook, as in Gorush: a user in the URL is Basic authentication, redirects are followed. Default false. */
  readonly trusted?: boolean;
}

/** The keys of the `core` section that concern the hook. */
export interface FeedbackConfig {
  /** Empty: no hook. */
  readonly feedback_hook_url: string;
  /** Seconds for one call; 0: 10. */
  readonly feedback_timeout: number;
  readonly feedback_header: readonly string[];
  readonly feedback_secret: readonly string[];
}

const DEFAULT_TIMEOUT_S = 10;
/** setTimeout's longest. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** @param seconds 0: 10. */
export const hookTimeoutMs = (seconds: number): number =>
  Math.min(toMs(seconds > 0 ? seconds : DEFAULT_TIMEOUT_S), MAX_TIMER_MS);

/** The hook of `core.feedback_hook_url`; undefined without one. */
export function coreHook(core: FeedbackConfig): HookTarget | undefined {
  if (core.feedback_hook_url === '') return undefined;
  return {
    url: core.feedback_hook_url,
    headers: core.feedback_header,
    timeoutMs: hookTimeoutMs(core.feedback_timeout),
    secrets: core.feedback_secret,
    allowPrivate: true,
    trusted: true,
  };
}

/** Services that are no web servers live below; they may take a POST for commands of their own. */
const FIRST_FREE_PORT = 1024;

/** `URL` has read odd spellings of IPv4 addresses already: `0x7f.1`, `2130706433`. */
const bareHost = (url: URL): string => url.hostname.replace(/^\[(.*)\]$/, '$1');

const isLocalHost = (host: string): boolean => (isIP(host) === 0 ? isLocalName(host) : isPrivateAddress(host));

/**
 * What is wrong with the URL of an app's hook, for a `400` or a mistake in the configuration; undefined when nothing is. Says
 * nothing about where the name leads: that is asked again at each connection (guarded-connect.ts).
 */
export function hookUrlMistake(text: string, { allowPrivate }: { readonly allowPrivate: boolean }): string | undefined {
  const url = URL.parse(text);
  if (!url || !/^https?:$/.test(url.protocol)) return 'must be an http:// or https:// URL';
  if (url.username !== '' || url.password !== '') return 'must not hold a user or a password; use a header';
  if (allowPrivate) return undefined;
  if (isLocalHost(bareHost(url))) return 'must not lead to a private address';
  if (url.port !== '' && Number(url.port) < FIRST_FREE_PORT && url.port !== '80' && url.port !== '443')
    return 'must have port 80, 443, or 1024 and above';
  return undefined;
}

/** What keeps a hook from being called, beginning with the field's name; undefined when nothing does. Holds no secret. */
export function hookMistake(target: HookTarget): string | undefined {
  const { url, secrets, trusted, format } = target;
  const unsignable = format === 'mailbox' ? -1 : secrets.findIndex((secret) => !isWebhookSecret(secret));
  if (unsignable >= 0) return `secret no. ${unsignable + 1} is no whsec_ and base64 of 24 to 64 bytes`;
  const isHttp = /^https?:$/.test(URL.parse(url)?.protocol ?? '');
  const mistake = trusted ? (isHttp ? undefined : 'must be an http:// or https:// URL') : hookUrlMistake(url, target);
  return mistake && `url ${mistake}`;
}
