import type { HostRules } from '../carrier/hosts.ts';
import type { Failed } from '../push/push.ts';
import { slackFailure } from './reasons.ts';

/** Where a message goes. */
export type SlackTarget =
  | { readonly kind: 'channel'; readonly channel: string }
  | { readonly kind: 'webhook'; readonly origin: string; readonly path: string };

/** Ids of channels, conversations and people, and names of channels. */
const CHANNEL = /^#?[\p{L}\p{N}._-]{1,80}$/u;
/** Longer than any webhook. */
const LONGEST_URL = 500;

const INVALID = slackFailure('InvalidTarget', 'neither a channel, a person nor the URL of a webhook');
const BLOCKED = slackFailure('BlockedHost', 'the host of the webhook is not one of slack.webhook_hosts');

/** Reads a target. @param rules hosts that webhooks may be at */
export function slackTarget(target: string, rules: HostRules): SlackTarget | { readonly failed: Failed } {
  if (CHANNEL.test(target)) return { kind: 'channel', channel: target };
  const url = target.length > LONGEST_URL || !/^https?:\/\//i.test(target) ? null : URL.parse(target);
  if (url?.hash !== '') return { failed: INVALID };
  const origin = rules.originOf(url);
  return origin === undefined ? { failed: BLOCKED } : { kind: 'webhook', origin, path: url.pathname + url.search };
}

/** A webhook's URL is a capability: logs show its host. Channels are no secret. */
export const maskedTarget = (target: string): string =>
  /^https?:\/\//i.test(target) ? `${URL.parse(target)?.origin ?? 'https://'}/***` : target.slice(0, 80);
