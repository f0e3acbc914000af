import { linkOf } from '../carrier/link.ts';
import { fieldOf } from '../carrier/provider-row.ts';
import type { Failed, Json, JsonObject, Notification } from '../push/push.ts';
import { slackFailure } from './reasons.ts';

/** The field `slack` of a request. */
export interface SlackFields {
  /** The text as it goes out, Slack's markup included, in place of title, message and URL. */
  readonly text?: string;
  /** Block Kit, as it is. */
  readonly blocks?: Json[];
  /** `ts` of the message that this one answers; for channels, not for webhooks. */
  readonly thread_ts?: string;
}

/** Slack's limits (docs.slack.dev/reference/block-kit/blocks); beyond the last it answers msg_blocks_too_long. */
const MOST_BLOCKS = 50;
const MOST_SECTION_TEXT = 3000;
const MOST_BLOCK_CHARACTERS = 13_200;
const MOST_TEXT = 40_000;

/** Only these three have a meaning in texts; with them escaped no data can mention a channel (`<!channel>`) or a person. */
const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

function plainText(notification: Notification): string {
  const { title = '', message = '' } = notification;
  const link = linkOf(notification);
  const lines = [title && `*${escaped(title)}*`, escaped(message), link && `<${escaped(link)}>`];
  return lines.filter(Boolean).join('\n');
}

const textOf = (block: Json): string => {
  const text = (block as JsonObject | null)?.text;
  const inner = typeof text === 'object' && text !== null ? (text as JsonObject).text : text;
  return typeof inner === 'string' ? inner : '';
};

/** What of the blocks Slack would refuse, before it is sent to each channel; undefined: nothing. */
function blocksFault(blocks: readonly Json[]): Failed | undefined {
  const refused = (text: string) => slackFailure('TooManyBlocks', text);
  if (blocks.length > MOST_BLOCKS) return refused(`${blocks.length} blocks, ${MOST_BLOCKS} are allowed`);
  const place = blocks.findIndex((block) => textOf(block).length > MOST_SECTION_TEXT);
  if (place >= 0) return refused(`slack.blocks[${place}]: the text has more than ${MOST_SECTION_TEXT} characters`);
  const all = JSON.stringify(blocks).length;
  return all > MOST_BLOCK_CHARACTERS
    ? refused(`the blocks have ${all} characters, ${MOST_BLOCK_CHARACTERS} are allowed`)
    : undefined;
}

/** A message without its channel, built once for a notification. */
export interface SlackMessage {
  readonly text: string;
  readonly blocks?: readonly Json[];
  readonly thread_ts?: string;
}

export function slackMessage(notification: Notification): SlackMessage | { readonly failed: Failed } {
  const { text: own, blocks = [], thread_ts: thread } = fieldOf<SlackFields>(notification, 'slack') ?? {};
  const text = own || plainText(notification);
  if (text === '') return { failed: slackFailure('MissingText', 'the notification has no text') };
  if (text.length > MOST_TEXT)
    return { failed: slackFailure('msg_too_long', `the text has ${text.length} characters`) };
  const fault = blocksFault(blocks);
  if (fault) return { failed: fault };
  return { text, ...(blocks.length > 0 ? { blocks } : {}), ...(thread ? { thread_ts: thread } : {}) };
}
