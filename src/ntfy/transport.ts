import type { PostAnswer } from '../carrier/http-post.ts';
import {
  type PostingOptions,
  type PostingProtocol,
  PostingTransport,
  type TargetRequest,
} from '../carrier/posting-transport.ts';
import type { Delivery, Failed, Notification, Outcome } from '../push/push.ts';
import { type NtfyMessage, ntfyMessage } from './payload.ts';
import { answerIn, ntfyFailure, ntfyFault, ntfyOutcome } from './reasons.ts';
import { baseOf, topicOf } from './topic.ts';

export interface NtfyTransportOptions extends PostingOptions {
  readonly app: string;
  readonly endpoint: string;
  /** Value of the `Authorization` header; empty: none. */
  readonly authorization: string;
  /** Called once, when the server turns out to be too old to replace messages. */
  readonly onOldServer?: () => void;
  /** 0 to 1; default `Math.random`. */
  readonly random?: () => number;
}

const INVALID_TOPIC = ntfyFailure('InvalidTopic', 'not a topic of the server');
const CLOSED = ntfyFailure('NotSent', 'the transport is closed');

/** Milliseconds before a 40301 is asked about again: servers answer it now and then to users who may write. */
const REPEAT_MS = 1000;
/** So many refusals in a row, each of another topic, are the credential's fault and not that of one topic. */
const REFUSALS_OF_THE_LANE = 5;

/** One app on one server. The credential goes to that server's address only. */
class NtfyProtocol implements PostingProtocol {
  readonly closed = CLOSED;
  readonly fault = ntfyFault;
  readonly #options: NtfyTransportOptions;
  readonly #url: URL;
  readonly #headers: Readonly<Record<string, string>>;
  /** The message of the notification that was looked at last: its targets come one after another. */
  #last: { readonly of: Notification; readonly message: NtfyMessage | { readonly failed: Failed } } | undefined;
  /** Topics refused since the last accepted message. */
  readonly #refused = new Set<string>();
  #isOld = false;

  constructor(options: NtfyTransportOptions) {
    this.#options = options;
    this.#url = new URL(`${baseOf(options.endpoint)}/`);
    this.#headers = {
      'content-type': 'application/json',
      ...(options.authorization === '' ? {} : { authorization: options.authorization }),
    };
  }

  request(target: string, { notification }: Delivery): TargetRequest | { readonly failed: Failed } {
    const topic = topicOf(target, this.#options.endpoint);
    if (topic === undefined) return { failed: INVALID_TOPIC };
    const message = this.#messageOf(notification);
    if ('failed' in message) return message;
    const { origin, pathname } = this.#url;
    return { origin, path: pathname, headers: this.#headers, body: JSON.stringify({ topic, ...message.fields }) };
  }

  outcome(target: string, answer: PostAnswer, { notification }: Delivery): Outcome {
    const { now = Date.now, random = Math.random } = this.#options;
    const outcome = ntfyOutcome(answer, { now, random });
    if (outcome.kind === 'accepted') {
      this.#refused.clear();
      this.#checkAge(answer, notification);
      return outcome;
    }
    return outcome.category === 'credential' ? this.#refusal(target, outcome) : outcome;
  }

  repeatAfterMs(outcome: Outcome): number | undefined {
    return outcome.kind === 'failed' && outcome.reason === '40301' ? REPEAT_MS : undefined;
  }

  #messageOf(notification: Notification): NtfyMessage | { readonly failed: Failed } {
    if (this.#last?.of !== notification) {
      this.#last = { of: notification, message: ntfyMessage(notification, this.#options.app) };
    }
    return this.#last.message;
  }

  /** A topic that one user may not write to is no reason to stop all others. */
  #refusal(target: string, failed: Failed): Failed {
    if (failed.reason !== '40301') return failed;
    if (this.#refused.size < REFUSALS_OF_THE_LANE) this.#refused.add(target);
    return this.#refused.size < REFUSALS_OF_THE_LANE ? { ...failed, sparesLane: true } : failed;
  }

  /** Servers before 2.16 do not know sequence ids, and show each update as a new message. */
  #checkAge({ body }: PostAnswer, notification: Notification): void {
    const message = this.#messageOf(notification);
    if (this.#isOld || 'failed' in message || message.sequence === undefined) return;
    if (answerIn(body)?.sequence_id === message.sequence) return;
    this.#isOld = true;
    this.#options.onOldServer?.();
  }
}

export const createNtfyTransport = (options: NtfyTransportOptions): PostingTransport =>
  new PostingTransport(new NtfyProtocol(options), options);
