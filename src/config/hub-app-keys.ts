import { choice, document, flag, ours, price, seconds, section, text, words } from './leaf.ts';
import { LONGEST_WAIT } from './provider-keys.ts';

/** Words of the hub, as its room has them (`src/hub/words/`, `src/hub/notifications/`), which is above this one. */
const CHANNELS = ['realtime', 'push', 'email', 'sms', 'slack'] as const;
const MODES = ['realtime_only', 'push_only', 'hybrid', 'redundant'] as const;
const LEVELS = ['passive', 'active', 'time-sensitive', 'critical'] as const;
const PRIORITIES = ['low', 'medium', 'high', 'critical'] as const;
const URGENCIES = ['very-low', 'low', 'normal', 'high'] as const;
const ADDRESSED = ['email', 'sms', 'slack'] as const;

type Of<Word> = readonly Word[];

interface PriorityDefaults {
  readonly channels: Of<(typeof CHANNELS)[number]>;
  readonly mode: (typeof MODES)[number];
  readonly sound: string;
  readonly level: (typeof LEVELS)[number];
  readonly urgency: (typeof URGENCIES)[number];
}

const priority = (name: string, { channels, mode, sound, level, urgency }: PriorityDefaults) =>
  section(`What the priority ${name} means, where a notification does not say otherwise.`, {
    channels: {
      ...words(CHANNELS, 'Channels, in the order in which they follow one another.', ours),
      default: channels,
    },
    mode: choice(MODES, mode, 'How they follow one another (docs/hub/deciding.md).', ours),
    sound: text(sound, 'Sound of a push; empty: none.', ours),
    category: text('', 'Category of a push on iOS, for its buttons; empty: none.', ours),
    interruption_level: choice(
      LEVELS,
      level,
      "Interruption level of iOS; `critical` needs an entitlement of Apple's.",
      ours,
    ),
    urgency: choice(URGENCIES, urgency, 'Urgency of a web push.', ours),
  });

const GOALERT_LIMITS = {
  sms: [
    { max: 5, per: '15m' },
    { max: 11, per: '1h' },
    { max: 21, per: '3h' },
  ],
};

const SEVERITIES = {
  'SEV-1': { priority: 'critical' },
  'SEV-2': { priority: 'high' },
  'SEV-3': { priority: 'medium' },
  'SEV-4': { priority: 'low' },
  'SEV-5': { priority: 'low' },
};

const LEAST_PRIORITY = { 'incident.escalated': 'high', 'incident.sla_breach': 'critical' };

const incidents = section('Incidents, for each severity where it matters (docs/hub/incidents.md).', {
  severities: document(
    SEVERITIES,
    'What a severity means: `{"SEV-1": {priority: critical, sound: alarm.caf, category: INCIDENT}}`. `critical`, `high`, `medium`, `low`, `info` are SEV-1 to SEV-5 where they are not named; any other word that is not named is medium.',
    { ...ours, wanted: 'a map of severities' },
  ),
  least_priority: document(
    LEAST_PRIORITY,
    'Events that go out with no less than this priority, whatever the severity.',
    { ...ours, wanted: 'a map of events' },
  ),
  sla: document(
    {},
    'By when incidents of a severity are to be in hand and resolved, where they do not say so themselves: `{"SEV-1": {acknowledge_by: 15m, resolve_by: 4h, warn_at: [0.5, 0.8]}}`.',
    { ...ours, wanted: 'a map of severities' },
  ),
  escalation: document({}, 'The escalation of incidents of a severity that name none: `{"SEV-1": "on-call"}`.', {
    ...ours,
    wanted: 'a map of severities',
  }),
  except_actor: flag(false, 'Who acknowledges or resolves an incident does not hear of it.', ours),
});

const HOUR = {
  ...ours,
  pattern: '^(off|([01][0-9]|2[0-3]):[0-5][0-9])$',
  wanted: 'a time of day such as 20:00, or off',
};

const tasks = section('Tasks: what people are reminded of, and when (docs/hub/tasks.md).', {
  timezone: text(
    'UTC',
    "By whose clock: an IANA zone, or `user` for each person's own (of settings, device, person, `hub.timezone`).",
    ours,
  ),
  reminder_at: text('20:00', 'When people hear of what is due today and tomorrow; `off`: never.', HOUR),
  overdue_at: text('09:00', 'When people hear of what is overdue; `off`: never.', HOUR),
  digest_at: text('11:00', 'When people hear how much there is to do; `off`: never.', HOUR),
  priority: choice(PRIORITIES, 'medium', 'Priority of all notices about tasks.', ours),
  buttons: document(
    {},
    'Buttons of notices, where the app has others: `{overdue: {category: TASK_ACTIONABLE, buttons: [edit, complete]}}`, by `overdue`, `due_soon`, `in_progress`, `cancelled`, `completed`.',
    { ...ours, wanted: 'a map of states' },
  ),
});

/** Keys of the hub that an app may set for itself. */
export const hubAppKeys = {
  priorities: section('What the priorities of notifications mean.', {
    low: priority('low', { channels: ['realtime'], mode: 'hybrid', sound: '', level: 'passive', urgency: 'low' }),
    medium: priority('medium', {
      channels: ['realtime', 'push'],
      mode: 'hybrid',
      sound: 'default',
      level: 'active',
      urgency: 'normal',
    }),
    high: priority('high', {
      channels: ['realtime', 'push', 'email'],
      mode: 'hybrid',
      sound: 'default',
      level: 'time-sensitive',
      urgency: 'high',
    }),
    critical: priority('critical', {
      channels: ['realtime', 'push', 'email', 'sms', 'slack'],
      mode: 'redundant',
      sound: 'default',
      level: 'time-sensitive',
      urgency: 'high',
    }),
  }),
  defaults: document({}, 'Settings of people where they do not say otherwise, as docs/hub/settings.md has them.', {
    ...ours,
    wanted: 'a map of settings',
  }),
  limits: document(
    GOALERT_LIMITS,
    'How much a person gets: `{sms: [{max: 5, per: 15m}], types: {"incident.*": {push: [{max: 1, per: 1m}]}}}`; `off` for none, in the place of a list too. Critical notifications pass.',
    { ...ours, wanted: 'a map of channels and types, or off' },
  ),
  timezone: text('UTC', 'IANA zone of people of whom none is known, and of times without a zone.', ours),
  locale: text(
    '',
    'Language of texts for people whose own there is no text in; empty: the text of the notification.',
    ours,
  ),
  realtime_timeout: seconds(5, 'How long an open stream has for an acknowledgement before the next channel is due.', {
    ...ours,
    maximum: LONGEST_WAIT,
  }),
  push_fallback_delay: seconds(2, 'How long after that the next channel goes.', { ...ours, maximum: LONGEST_WAIT }),
  escalate_unread_after: seconds(
    0,
    'How long after a push that was not seen the next channel goes; 0: only when the push has failed.',
    ours,
  ),
  consent_required: {
    ...words(ADDRESSED, 'Channels that a person gets only with a recorded consent.', ours),
    default: ADDRESSED as Of<(typeof ADDRESSED)[number]>,
  },
  confidential_text: text(
    'New notification',
    'What a push, a mail or an SMS says in the place of confidential text.',
    ours,
  ),
  costs: section('What one message costs, for the figures (docs/hub/analytics.md): in whatever money you count in.', {
    realtime: price(0, 'An event of a stream.'),
    push: price(0, 'A push to one device.'),
    email: price(0, 'A mail.'),
    sms: price(0, 'An SMS, however many segments it has.'),
    slack: price(0, 'A message to Slack.'),
  }),
  incidents,
  tasks,
  clear_on_read: flag(
    false,
    "What a person reads is taken away on the person's other devices, with the number on the app's icon, by a push that shows nothing.",
    ours,
  ),
  learn_channels: flag(
    false,
    'A channel that has failed for a person in the last 30 days goes behind the others.',
    ours,
  ),
};
