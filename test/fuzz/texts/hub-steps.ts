import { cursorOf, pageOf } from '../../../src/api/hub/list-page.ts';
import { Query } from '../../../src/api/hub/query.ts';
import { clientFrame } from '../../../src/api/hub/streams/socket-frames.ts';
import { parseDevice } from '../../../src/hub/devices/parse-device.ts';
import { parseEscalation } from '../../../src/hub/incidents/escalation/escalation-doc.ts';
import { parseEvent } from '../../../src/hub/incidents/parse-event.ts';
import { parseIncident } from '../../../src/hub/incidents/parse-incident.ts';
import { parseNotification } from '../../../src/hub/notifications/notification-doc.ts';
import { redacted } from '../../../src/hub/notifications/render/redacted.ts';
import { parsePerson } from '../../../src/hub/people/parse-person.ts';
import { parseSchedule } from '../../../src/hub/schedules/parse-schedule.ts';
import { cronFault } from '../../../src/hub/schedules/timing.ts';
import { parseEngagements } from '../../../src/hub/sends/engagements/engagement-doc.ts';
import { parseSettings } from '../../../src/hub/settings/settings-doc.ts';
import { parseSnooze } from '../../../src/hub/settings/snooze.ts';
import { parseEventForMany, parseEvents } from '../../../src/hub/streams/event-doc.ts';
import { parseTask } from '../../../src/hub/tasks/parse-task.ts';
import { canonicalTag } from '../../../src/hub/words/language-tag.ts';
import { covers } from '../../../src/hub/words/type-pattern.ts';
import { parseDuration } from '../../../src/kit/duration.ts';
import { idFault } from '../../../src/kit/text/id-fault.ts';
import { instantMs } from '../../../src/kit/time/instant.ts';
import { zoneName } from '../../../src/kit/time/wall-time.ts';
import type { JsonObject } from '../../../src/push/push.ts';

const NOW = Date.UTC(2026, 0, 1);
const ZONE = 'Europe/Berlin';
/** Node takes no longer ones. */
const HEAD = 16_384;
/** Of a text that is cut into names or entries. */
const PIECE = 50;

const pieces = (text: string): string[] =>
  Array.from(
    { length: text.length / PIECE },
    (_, index) => `${index} ${text.slice(index * PIECE, (index + 1) * PIECE)}`,
  );

const named = (text: string): JsonObject => Object.fromEntries(pieces(text).map((name) => [name, name]));

const everywhere = (text: string, names: readonly string[]): JsonObject =>
  Object.fromEntries(names.map((name) => [name, text]));

const TEXTS = [
  ...['id', 'type', 'title', 'message', 'url', 'image', 'priority', 'severity', 'status', 'collapse_key', 'thread'],
  ...['cancel_key', 'expires_at', 'send_at', 'timezone', 'category', 'mode', 'name', 'email', 'phone', 'slack'],
  ...['locale', 'token', 'platform', 'summary', 'service', 'due_at', 'due_on', 'by', 'at', 'cron', 'every'],
];

/** A body with the text in each field, as each entry of each list, as each name, and in pieces. */
const body = (text: string): JsonObject => {
  const list = pieces(text);
  return {
    ...everywhere(text, TEXTS),
    to: { users: list, teams: [text], topics: [text] },
    locales: { [text]: { title: text } },
    redact: { push: [text, ...list.slice(0, 100)] },
    data: named(text),
    users: list,
    topics: [text],
    settings: { types: { [text]: true } },
    steps: [{ to: { users: list }, after: text }],
    ...named(text),
  };
};

const plain = (text: string): JsonObject => ({
  title: 'x',
  data: named(text),
  to: { users: pieces(text).slice(0, 1000) },
});

/** What the hub does to texts on their way in, one by one. A step may refuse them; it takes time in proportion to their length. */
export const hubSteps: Readonly<Record<string, (text: string) => unknown>> = {
  'a notification': (text) => parseNotification(body(text), { timezone: ZONE }),
  'a notification that is taken': (text) => parseNotification(plain(text), { timezone: ZONE }),
  'a notification of which much is redacted': (text) =>
    redacted(
      plain(text),
      pieces(text)
        .slice(0, 200)
        .map((name) => `data.${name}`),
      'x',
    ),
  'a person': (text) => parsePerson(body(text), NOW),
  'a device': (text) => parseDevice(body(text)),
  'settings of a person': (text) => parseSettings({ types: { [text]: true }, devices: named(text), ...body(text) }),
  'a snooze': (text) => parseSnooze({ until: text }, NOW),
  'a schedule': (text) => parseSchedule({ notification: plain(text), cron: text }, ZONE),
  'a pattern of cron': cronFault,
  'a task': (text) => parseTask(body(text), ZONE),
  'an incident': (text) => parseIncident(body(text)),
  'an event of an incident': (text) => parseEvent({ event_action: text, payload: body(text), dedup_key: text }),
  'an escalation': (text) => parseEscalation(body(text)),
  engagements: (text) => parseEngagements(pieces(text).map((notification) => ({ notification, event: text }))),
  'events of streams': (text) =>
    parseEvents(
      [
        { type: text },
        ...pieces(text)
          .slice(0, 900)
          .map((type) => ({ type, payload: type })),
      ],
      'now',
    ),
  'an event for many': (text) =>
    parseEventForMany({ type: 'x', users: pieces(text).slice(0, 10_000), payload: text.slice(0, 1000) }, 'now'),
  'a frame of a stream': (text) => clientFrame(text),
  'acknowledgements of a stream': (text) => clientFrame(JSON.stringify({ ack: pieces(text) })),
  'a query': (text) => new Query(`/v1/users?q=${text.slice(0, HEAD)}#${text.slice(0, HEAD)}`).text('q'),
  'a cursor': (text) => pageOf('users', ['string'], new Query(`/v1/users?cursor=${cursorOf('users', [text])}`)),
  'an id': idFault,
  'a time zone': zoneName,
  'an instant': instantMs,
  'an instant with annotations': (text) => instantMs(`2026-01-01T00:00:00Z${text}`),
  'a duration': parseDuration,
  'a language': canonicalTag,
  'a type by a pattern': (text) => covers(`*${text.slice(0, 100)}*${text.slice(0, 100)}*`, text),
};
