import type { Explanation } from '../../observe/history/history.ts';
import type { PushTimeline, TimelineEvent } from '../../observe/history/timeline.ts';
import { inParentheses, targetName, time } from './line-parts.ts';

const spaced = (name: string): string => (name === '' ? '' : ` ${name}`);

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
    `${what}${spaced(targetName(event))}: ${answer}${where}`,
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
      return [`hook${spaced(targetName(event))}: ${event.ok ? 'told' : `failed: ${event.error}`}`];
    default:
      return attemptLines(event);
  }
}

/** One request, for people. */
export function pushLines(push: PushTimeline): string[] {
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
