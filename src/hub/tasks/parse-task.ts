import {
  anyObject,
  checked,
  nameOf,
  parsed,
  type Reader,
  readBody,
  setOf,
  shape,
  textOf,
  wordOf,
} from '../../kit/json/readers.ts';
import type { FaultyField } from '../../kit/refusal.ts';
import { instantMs } from '../../kit/time/instant.ts';
import { moment, momentIn } from '../../kit/time/moment.ts';
import { id } from '../words/id.ts';
import { timeZone } from '../words/time-zone.ts';
import { type TaskDoc, type TaskState, taskStates } from './task.ts';

/** What a body says of a task. */
export interface GivenTask {
  readonly doc: TaskDoc;
  /** Absent: nothing is said of it. */
  readonly state?: TaskState;
  /** When it was so, UNIX milliseconds; absent: now. */
  readonly at?: number;
  /** Who did it. */
  readonly by?: string;
}

const MOST_PEOPLE = 1000;

const DATE = /^\d{4}-\d\d-\d\d$/;

function dateOf(text: string): string | undefined {
  try {
    return DATE.test(text) ? Temporal.PlainDate.from(text).toString() : undefined;
  } catch {
    return undefined;
  }
}

const date: Reader<string> = parsed(dateOf, 'a date that there is, such as 2026-12-01');

/** An instant that dates have. */
const LATEST = Date.UTC(9999, 11, 31);
const when: Reader<number> = parsed((text) => {
  const ms = instantMs(text);
  return ms !== undefined && ms >= 0 && ms < LATEST ? ms : undefined;
}, 'an ISO 8601 instant with Z or an offset, between 1970 and 9999');

const fields = {
  title: textOf(2000),
  url: nameOf(4096),
  state: wordOf(taskStates),
  due_on: date,
  due_at: moment,
  timezone: timeZone,
  users: setOf(id, MOST_PEOPLE),
  data: anyObject,
  at: when,
  by: nameOf(256),
};

/** @param hubZone where a time without a zone is */
const taskIn = (hubZone: string): Reader<GivenTask> =>
  checked(shape(fields), ({ state, at, by, due_at: due, ...rest }, path, faults) => {
    if (due !== undefined && rest.due_on !== undefined)
      faults.push({ path: path === '' ? 'due_at' : `${path}.due_at`, reason: 'is excluded by due_on' });
    const filled = Object.entries(rest).filter(
      ([, value]) => value !== '' && !(Array.isArray(value) && value.length === 0),
    );
    return {
      doc: {
        ...(Object.fromEntries(filled) as TaskDoc),
        ...(due === undefined ? {} : { due_at: momentIn(due, rest.timezone ?? hubZone) }),
      },
      ...(state === undefined ? {} : { state }),
      ...(at === undefined ? {} : { at }),
      ...(by === undefined ? {} : { by }),
    };
  });

/** The body of `PUT /v1/tasks/{id}`, or everything that is wrong with it. */
export const parseTask = (json: unknown, hubZone: string): GivenTask | readonly FaultyField[] =>
  readBody(taskIn(hubZone), json);
