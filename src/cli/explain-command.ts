import { Agent, request } from 'undici';
import type { Config } from '../config/schema.ts';
import { toError } from '../kit/errors.ts';
import type { Explanation } from '../observe/history/history.ts';
import type { PushTimeline, TimelineEvent } from '../observe/history/timeline.ts';
import { originOf } from './ping.ts';

export interface ExplainCommandOptions {
  /** A request id or a `notif_id`. */
  readonly id: string;
  /** Of the relay; undefined: the one of the configuration, on this machine. */
  readonly url: string | undefined;
  /** API key. */
  readonly key: string | undefined;
  /** Only what is about this device token. */
  readonly token: string | undefined;
  readonly config: Pick<Config, 'core' | 'api'>;
  readonly say: (line: string) => void;
}

const TIMEOUT_MS = 10_000;

interface ExplainReply {
  readonly status: number;
  readonly body: unknown;
}

/** @throws what undici throws. */
async function ask({ id, url, key, token, config }: ExplainCommandOptions): Promise<ExplainReply> {
  const target = new URL(`${url?.replace(/(?<!\/)\/+$/, '') ?? originOf(config)}/v1/pushes/${encodeURIComponent(id)}`);
  if (token !== undefined) target.searchParams.set('token', token);
  // On this machine the certificate is for the clients' name of this host, which need not be `localhost`.
  const dispatcher = new Agent({ connect: url === undefined ? { rejectUnauthorized: false } : {} });
  try {
    const headers: Record<string, string> = key === undefined ? {} : { authorization: `Bearer ${key}` };
    const timeouts = { headersTimeout: TIMEOUT_MS, bodyTimeout: TIMEOUT_MS };
    const { statusCode, body } = await request(target, { dispatcher, headers, ...timeouts });
    return { status: statusCode, body: await body.json().catch(() => undefined) };
  } finally {
    await dispatcher.destroy();
  }
}

const time = (iso: string): string => iso.slice(11, 23);

const targetName = ({ targets = [], count }: TimelineEvent): string => {
  const [first] = targets;
  if (!first) return count === undefined ? '' : ` ${count} targets`;
  const name = first.token ?? first.topic ?? first.condition ?? '';
  return count !== undefined && count > 1 ? ` ${name} and ${count - 1} more` : ` ${name}`;
};

const inParentheses = (words: readonly (string | undefined | false)[]): string => {
  const given = words.filter((word) => word);
  return given.length > 0 ? ` (${given.join(', ')})` : '';
};

function attemptLines(event: TimelineEvent): string[] {
  const { attempt, outcome, provider, environment, session, ms, status, reason, error, advice, retry_at } = event;
  const answer =
    outcome === 'delivered' ? 'delivered' : [status, reason].filter((word) => word !== undefined).join(' ');
  const where = inParentheses([
    provider && `${provider} ${environment}`,
    session !== undefined && `session ${session}`,
    ms !== undefined && `${ms} ms`,
  ]);
  const id = event.provider_id ?? (event.targets?.length === 1 ? event.targets[0]?.provider_id : undefined);
  const what = attempt !== undefined ? `attempt ${attempt}` : event.event === 'late' ? 'later' : 'failed';
  return [
    `${what}${targetName(event)}: ${answer}${where}`,
    ...(id === undefined ? [] : [`  id ${id}`]),
    ...(error === undefined ? [] : [`  ${error}`]),
    ...(retry_at === undefined ? [] : [`  again at ${time(retry_at)}`]),
    ...(advice === undefined ? [] : [`  → ${advice}`]),
  ];
}

function eventLines(event: TimelineEvent): string[] {
  switch (event.event) {
    case 'received':
      return [`received${event.count === undefined ? '' : `, ${event.count} targets`}`];
    case 'queued':
      return [`queued, sent ${event.ms} ms later`];
    case 'reported':
      return [`hook${targetName(event)}: ${event.ok ? 'told' : `failed: ${event.error}`}`];
    default:
      return attemptLines(event);
  }
}

function pushLines(push: PushTimeline): string[] {
  const sums = [`${push.delivered} delivered`, `${push.failed} failed`, `${push.waiting} waiting`];
  const several = new Set(push.events.map(({ notification }) => notification)).size > 2;
  const name = ({ notif_id, notification }: TimelineEvent): string =>
    several && notification !== undefined ? `[${notif_id ?? notification}] ` : '';
  return [
    `${push.request_id}  ${push.status}: ${sums.join(', ')}`,
    `${push.received_at}${inParentheses([
      `app ${push.app}`,
      push.sent_by && `sent by ${push.sent_by}`,
      push.trace_id && `trace ${push.trace_id}`,
      push.recorded === 'failures' && 'only what went wrong is recorded',
    ])}`,
    ...push.events.flatMap((event) => {
      const [first, ...more] = eventLines(event);
      return [`  ${time(event.at)}  ${name(event)}${first}`, ...more.map((line) => `${' '.repeat(16)}${line}`)];
    }),
  ];
}

/** What became of a push, for people. */
export const explanationLines = ({ pushes, truncated }: Explanation): string[] => [
  ...pushes.flatMap((push, index) => [...(index > 0 ? [''] : []), ...pushLines(push)]),
  ...(truncated ? ['', 'There is more than is shown; ask by notif_id, or with -t for one token.'] : []),
];

/** `martlet explain ID`: asks the running relay. @returns false when nothing was found. */
export async function explain(options: ExplainCommandOptions): Promise<boolean> {
  const { say } = options;
  try {
    const { status, body } = await ask(options);
    if (status === 200) {
      for (const line of explanationLines(body as Explanation)) say(line);
      return true;
    }
    const { message } = (body ?? {}) as { message?: string };
    say(message ?? `the relay answers ${status}`);
    if (status === 401) say('Give a key with the scope `read`: --key');
  } catch (error) {
    say(`the relay cannot be asked: ${toError(error).message || 'no connection'}`);
  }
  return false;
}
