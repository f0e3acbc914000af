import type { Dispatcher } from 'undici';
import type { HostRules } from '../carrier/hosts.ts';
import type { PostAnswer } from '../carrier/http-post.ts';
import {
  type PostingOptions,
  type PostingProtocol,
  PostingTransport,
  type TargetRequest,
} from '../carrier/posting-transport.ts';
import type { Delivery, Failed, Notification, Outcome } from '../push/push.ts';
import { type SlackMessage, slackMessage } from './payload.ts';
import { apiOutcome, slackFailure, slackFault, webhookOutcome } from './reasons.ts';
import { slackTarget } from './target.ts';

export interface SlackTransportOptions extends PostingOptions {
  /** Of the Web API. */
  readonly endpoint: string;
  /** Empty: channels and people cannot be reached. */
  readonly token: string;
  readonly rules: HostRules;
  /** For webhooks: their hosts are the callers' choice. */
  readonly webhooks: Dispatcher;
}

const CLOSED = slackFailure('NotSent', 'the transport is closed');
const NOT_CONFIGURED = slackFailure('NotConfigured', 'slack.token is not set');
const JSON_TYPE = { 'content-type': 'application/json; charset=utf-8' };

/** One bot, and the webhooks of an app. A channel gets one message at a time, and none while Slack wants a pause of it. */
class SlackProtocol implements PostingProtocol {
  readonly closed = CLOSED;
  readonly fault = slackFault;
  readonly #options: SlackTransportOptions;
  readonly #now: () => number;
  /** The message of the notification that was looked at last: its targets come one after another. */
  #last: { readonly of: Notification; readonly message: SlackMessage | { readonly failed: Failed } } | undefined;

  constructor(options: SlackTransportOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  turnOf(target: string): string {
    return target;
  }

  holdMs(outcome: Outcome): number | undefined {
    return outcome.kind === 'failed' && outcome.sparesLane ? outcome.retryAfterMs : undefined;
  }

  held(ms: number): Failed {
    return { ...slackFailure('Held', 'Slack asked for a pause of this channel'), retryAfterMs: ms, sparesLane: true };
  }

  request(target: string, { notification }: Delivery): TargetRequest | { readonly failed: Failed } {
    const { endpoint, token, rules, webhooks } = this.#options;
    const to = slackTarget(target, rules);
    if ('failed' in to) return to;
    const message = this.#messageOf(notification);
    if ('failed' in message) return message;
    if (to.kind === 'webhook') {
      const { text, blocks } = message;
      const body = JSON.stringify({ text, blocks });
      return { origin: to.origin, path: to.path, headers: JSON_TYPE, body, dispatcher: webhooks };
    }
    // A missing token concerns the channels; webhooks of the same lane need none.
    if (token === '') return { failed: { ...NOT_CONFIGURED, sparesLane: true } };
    const headers = { ...JSON_TYPE, authorization: `Bearer ${token}` };
    const body = JSON.stringify({ channel: to.channel, ...message });
    return { origin: endpoint, path: '/api/chat.postMessage', headers, body };
  }

  outcome(target: string, answer: PostAnswer): Outcome {
    const isWebhook = slackTarget(target, this.#options.rules);
    return 'kind' in isWebhook && isWebhook.kind === 'webhook'
      ? webhookOutcome(answer, this.#now)
      : apiOutcome(answer, this.#now);
  }

  #messageOf(notification: Notification): SlackMessage | { readonly failed: Failed } {
    if (this.#last?.of !== notification) this.#last = { of: notification, message: slackMessage(notification) };
    return this.#last.message;
  }
}

export const createSlackTransport = (options: SlackTransportOptions): PostingTransport =>
  new PostingTransport(new SlackProtocol(options), options);
