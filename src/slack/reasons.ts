import type { PostAnswer } from '../carrier/http-post.ts';
import { faultWord, postingWords } from '../carrier/posting-words.ts';
import { AGAIN, failure, type Reason, type ReasonTable, reasonIn } from '../carrier/reasons.ts';
import type { StreamFault } from '../http2/http2-pool.ts';
import { jsonObjectIn } from '../kit/http/answer-form.ts';
import { retryAfterMs } from '../kit/retry-after.ts';
import type { Failed, Outcome } from '../push/push.ts';

const dead = (what: string): Reason => ({ category: 'invalid_token', advice: `${what}: delete this target.` });
const wrong = (advice: string): Reason => ({ category: 'invalid_request', advice });
const ours = (advice: string): Reason => ({ category: 'credential', advice });
const LATER: Reason = { category: 'unavailable', advice: 'An error inside Slack.', again: AGAIN };

/**
 * Errors of chat.postMessage (docs.slack.dev/reference/methods/chat.postMessage) and of incoming webhooks
 * (docs.slack.dev/messaging/sending-messages-using-incoming-webhooks), and our own words in CamelCase.
 */
export const slackReasons = {
  channel_not_found: dead('The channel is gone, or the bot cannot see it'),
  is_archived: dead('The channel is archived'),
  channel_is_archived: dead('The channel is archived'),
  user_not_found: dead('There is no such person'),
  no_service: dead('The webhook was revoked'),
  no_service_id: dead('The webhook was revoked'),
  no_team: dead('The workspace of the webhook is gone'),
  team_disabled: dead('The workspace of the webhook is disabled'),
  not_in_channel: wrong('Invite the bot to the channel.'),
  restricted_action: wrong('Permit the bot to post to this channel.'),
  action_prohibited: wrong('An administrator has restricted posting: ask one.'),
  posting_to_general_channel_denied: wrong('Permit the bot to post to #general.'),
  msg_too_long: wrong('Shorten the text to 40,000 characters.'),
  msg_blocks_too_long: wrong('Shorten the blocks to 13,200 characters.'),
  invalid_blocks: wrong('Correct `slack.blocks`.'),
  invalid_blocks_format: wrong('Correct `slack.blocks`.'),
  invalid_payload: wrong('Correct `slack.blocks`.'),
  invalid_arguments: wrong('Correct `slack.blocks` and `slack.thread_ts`.'),
  cannot_reply_to_message: wrong('Correct `slack.thread_ts`.'),
  no_text: wrong('Give `title`, `message` or `slack.text`.'),
  too_many_attachments: wrong('Send fewer attachments.'),
  invalid_auth: ours('Check `slack.token`.'),
  not_authed: ours('Give `slack.token`.'),
  account_inactive: ours('The bot of `slack.token` was removed: install the app again.'),
  token_revoked: ours('Install the app again and give its new `slack.token`.'),
  token_expired: ours('Give a new `slack.token`.'),
  missing_scope: ours('Give the app the scope chat:write and install it again.'),
  invalid_token: ours('The webhook URL is not complete: copy it again.'),
  ratelimited: {
    category: 'unavailable',
    advice: 'One message a second and channel.',
    again: AGAIN,
  },
  rate_limited: {
    category: 'unavailable',
    advice: 'One message a second and channel.',
    again: AGAIN,
  },
  internal_error: LATER,
  fatal_error: LATER,
  service_unavailable: LATER,
  rollup_error: LATER,
  ...postingWords('Slack', 'slack.endpoint'),
  Held: { category: 'not_sent', advice: 'Slack asked for a pause of this channel: it is sent after it.' },
  NotConfigured: ours('Give `slack.token`: channels and people need it.'),
  InvalidTarget: wrong('Give a channel or user id (`C…`, `U…`), a channel name, or the URL of an incoming webhook.'),
  BlockedHost: wrong('Only hosts of `slack.webhook_hosts` are called.'),
  MissingText: wrong('Give `title`, `message` or `slack.text`.'),
  TooManyBlocks: wrong('Give at most 50 blocks, 13,200 characters in all, 3,000 in each text of a section.'),
} as const satisfies ReasonTable;

/** For a word that is not in the table: what the HTTP status means by itself. An unknown refusal is final. */
export function unknownReason(status: number): Reason {
  if (status === 429 || status >= 500) return LATER;
  return { category: 'invalid_request', advice: 'Not known to this version: see the error text.' };
}

/** A failure of ours: its category is in the table. */
export const slackFailure = (reason: keyof typeof slackReasons & string, error: string): Failed =>
  failure(slackReasons, reason, error);

/** What a request without an answer means. Slack has no idempotency key: a repeat may be a second message. */
export const slackFault = (fault: StreamFault): Failed => slackFailure(faultWord(fault), fault.message || fault.code);

/** Words of Slack's are lower case; anything else in their place was written by something on the way. */
const WORD = /^[a-z][a-z_]{1,60}$/;
/** Milliseconds of a channel's pause where Slack gives none. */
const PAUSE_MS = 1000;

function refused(word: string, { status, headers }: PostAnswer, now: () => number): Failed {
  const { category } = reasonIn(slackReasons, word) ?? unknownReason(status);
  const limited = status === 429 || word === 'ratelimited' || word === 'rate_limited';
  const given = category === 'unavailable' ? retryAfterMs(headers['retry-after'], now) : undefined;
  const pause = given ?? (limited ? PAUSE_MS : undefined);
  return {
    kind: 'failed',
    category,
    reason: word,
    error: `${word}: ${reasonIn(slackReasons, word)?.advice ?? 'refused by Slack'}`,
    status,
    ...(pause === undefined ? {} : { retryAfterMs: pause }),
    // Slack limits channels, and forbids single ones.
    ...(limited ? { sparesLane: true } : {}),
  };
}

const foreign = (status: number): Failed => ({
  ...slackFailure('InvalidAnswer', `unexpected answer with status ${status}`),
  status,
});

interface ApiAnswer {
  readonly ok?: unknown;
  readonly error?: unknown;
  readonly channel?: unknown;
  readonly ts?: unknown;
}

const jsonIn = (body: Buffer): ApiAnswer | undefined => jsonObjectIn(body);

/** The meaning of an answer of the Web API, which has 200 for errors as well. The id is channel and `ts`, as threads need it. */
export function apiOutcome(answer: PostAnswer, now = Date.now): Outcome {
  const { status, body } = answer;
  const json = jsonIn(body);
  if (status === 200 && json?.ok === true) {
    const isThere = typeof json.channel === 'string' && typeof json.ts === 'string';
    return isThere
      ? { kind: 'accepted', providerId: `${json.channel}/${json.ts}`.slice(0, 100) }
      : { kind: 'accepted' };
  }
  if (typeof json?.error === 'string' && WORD.test(json.error)) return refused(json.error, answer, now);
  if (status === 429) return refused('ratelimited', answer, now);
  return status >= 500 ? refused('service_unavailable', answer, now) : foreign(status);
}

/** The meaning of an answer of an incoming webhook: a word as plain text. */
export function webhookOutcome(answer: PostAnswer, now = Date.now): Outcome {
  const { status, body } = answer;
  const word = body.length > 200 ? '' : body.toString().trim();
  if (status === 200 && word === 'ok') return { kind: 'accepted' };
  if (status !== 200 && WORD.test(word)) return refused(word, answer, now);
  if (status === 429) return refused('ratelimited', answer, now);
  return status >= 500 ? refused('service_unavailable', answer, now) : foreign(status);
}
