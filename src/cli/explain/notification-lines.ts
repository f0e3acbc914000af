import type { DecisionView, PersonView, wholeView } from '../../hub/sends/views/notification-view.ts';
import { counted, inParentheses, time } from './line-parts.ts';

/** `GET /v1/notifications/{id}`. */
export type NotificationAnswer = Awaited<ReturnType<typeof wholeView>> & {
  readonly people: readonly PersonView[];
  readonly next_cursor?: string;
};

/** Ids that are named of people of one kind. */
const MOST_NAMED = 10;

/** Only the time of what was on the same day. */
const moment = (iso: string, day: string): string => (iso.startsWith(day) ? time(iso) : iso);

const named = (ids: readonly string[], count: number): string => {
  const more = count - Math.min(ids.length, MOST_NAMED);
  return inParentheses([...ids.slice(0, MOST_NAMED), more > 0 && `and ${more} more`]);
};

function recipientsLine({ recipients }: NotificationAnswer): string {
  const { total, queued, held, ids, undecided = 0 } = recipients;
  const kinds = [
    queued > 0 && `${queued} queued`,
    held > 0 && `${held} held`,
    ...(['suppressed', 'no_channel', 'unknown'] as const).map(
      (kind) => recipients[kind] > 0 && `${recipients[kind]} ${kind}${named(ids[kind], recipients[kind])}`,
    ),
    undecided > 0 && `${undecided} not decided about yet`,
  ].filter((kind) => kind !== false);
  return `  to ${counted(total, 'person', 'people')}${kinds.length > 0 ? `: ${kinds.join(', ')}` : ''}`;
}

function decisionLines(decision: DecisionView, day: string): string[] {
  const { hop, channel, device, state, reason, category, words, at, attempts, provider_id: id, advice } = decision;
  const facts = inParentheses([
    reason,
    category,
    attempts > 0 && counted(attempts, 'attempt'),
    id !== undefined && `id ${id}`,
  ]);
  const way = device === undefined ? channel : `${channel} ${device}`;
  const indent = ' '.repeat(18);
  return [
    `    ${moment(at, day).padEnd(12)}  ${hop} ${way}: ${state}${facts}`,
    `${indent}${words}`,
    ...(advice === undefined ? [] : [`${indent}→ ${advice}`]),
  ];
}

/** What became of a notification of the hub, for people: each of its decisions with the sentence that explains it. */
export function notificationLines(notification: NotificationAnswer, app: string | undefined): string[] {
  const { id, type, status, priority, created_at, done_at, title, people, counts = {}, unreadable } = notification;
  const sums = Object.entries(counts).flatMap(([state, count]) => (count > 0 ? [`${count} ${state}`] : []));
  const day = created_at.slice(0, 10);
  return [
    `${id}  ${[status, ...(sums.length > 0 ? [sums.join(', ')] : [])].join(': ')}`,
    `${created_at}${inParentheses([
      app !== undefined && `app ${app}`,
      `type ${type}`,
      `priority ${priority}`,
      done_at !== undefined && `over at ${moment(done_at, day)}`,
    ])}`,
    ...(title === undefined ? [] : [`  ${title}`]),
    ...(unreadable ? ['  what it said is damaged and cannot be read'] : []),
    recipientsLine(notification),
    ...people.flatMap(({ user, decisions }) => [
      `  ${user}`,
      ...decisions.flatMap((decision) => decisionLines(decision, day)),
    ]),
  ];
}
