import type { Explanation } from '../../observe/history/history.ts';
import { oneLine } from '../../observe/log/text-line.ts';
import { type RelayApi, RelayRefusal } from '../relay/relay-api.ts';
import { type NotificationAnswer, notificationLines } from './notification-lines.ts';
import { explanationLines, pushLines } from './push-lines.ts';

/** What is asked about. */
export interface ExplainTask {
  /** A request id, a `notif_id`, or the id of a notification of the hub. */
  readonly id: string;
  /** Only pushes to this device token. */
  readonly token: string | undefined;
  /** Only this person of a notification. */
  readonly user: string | undefined;
}

export interface ExplainCommandOptions {
  readonly task: ExplainTask;
  readonly app: string | undefined;
  readonly json: boolean;
  readonly api: RelayApi;
  readonly say: (line: string) => void;
}

/** People of a notification that are shown, and requests below it. */
const MOST_PEOPLE = 100;
const MOST_REQUESTS = 20;

/** An answer, or why there is none. @throws RelayRefusal when the relay does not answer at all */
async function tried<Body>(
  ask: () => Promise<Body>,
): Promise<{ readonly body?: Body; readonly refusal?: RelayRefusal }> {
  try {
    return { body: await ask() };
  } catch (error) {
    if (error instanceof RelayRefusal && error.status !== undefined) return { refusal: error };
    throw error;
  }
}

/** A notification's pushes, below it. */
function pushesBelow({ pushes }: Explanation): string[] {
  const [newest] = pushes;
  if (newest === undefined) return [];
  if (pushes.length <= MOST_REQUESTS) return ['', 'Its pushes:', ...pushes.flatMap((push) => ['', ...pushLines(push)])];
  return ['', `It left in ${pushes.length} requests; the newest:`, '', ...pushLines(newest)];
}

function notificationText(notification: NotificationAnswer, { user }: ExplainTask, app: string | undefined): string[] {
  const { people, next_cursor: next } = notification;
  return [
    ...notificationLines(notification, app),
    ...(user !== undefined && people.length === 0 ? [`  ${user} is not among those that it was decided about`] : []),
    ...(next === undefined ? [] : ['', `These are ${MOST_PEOPLE} of its people; ask for one of them with --user.`]),
  ];
}

/** Which person a push was for, its timeline does not say. */
const pushText = (
  known: Explanation | undefined,
  decided: NotificationAnswer | undefined,
  { user }: ExplainTask,
): string[] => {
  if (!known) return [];
  if (!decided) return explanationLines(known);
  return user === undefined ? pushesBelow(known) : [];
};

/** Where the hub is off, there is nothing to say of it. */
const whyNot = (refusals: readonly (RelayRefusal | undefined)[]): string =>
  refusals.flatMap((each, index) => (each && (index === 0 || !each.isUnserved) ? [each.message] : [])).join('\n');

/** `martlet explain ID`: asks the running relay. @throws RelayRefusal also when nothing is known of the id */
export async function explain({ task, app, json, api, say }: ExplainCommandOptions): Promise<void> {
  const { id, token, user } = task;
  const name = encodeURIComponent(id);
  const pushes = await tried(() => api.json<Explanation>(`/v1/pushes/${name}`, { token }));
  const people = { app, user, limit: MOST_PEOPLE };
  const notification =
    token === undefined ? await tried(() => api.json<NotificationAnswer>(`/v1/notifications/${name}`, people)) : {};
  const [known, decided] = [pushes.body, notification.body];
  if (!known && !decided) throw new RelayRefusal(whyNot([pushes.refusal, notification.refusal]));
  if (json) {
    say(JSON.stringify({ id, pushes: [], ...known, ...(decided ? { notification: decided } : {}) }, null, 2));
    return;
  }
  const text = decided ? notificationText(decided, task, app) : [];
  for (const line of [...text, ...pushText(known, decided, task)]) say(oneLine(line));
}
