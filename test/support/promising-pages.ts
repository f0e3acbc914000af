/** Where promises are made; what is not promised, and what is told of the tests themselves, is in other sections. */
export const promising: Readonly<Record<string, readonly string[]>> = {
  'docs/security.md': ['From whom', 'What is checked where'],
  'docs/durability.md': [
    'What survives what',
    'How',
    'What a mistake of ours ends, and what it does not',
    'What ends the process again and again',
    'What may happen twice',
    'A full queue',
    'A full disk',
  ],
  'docs/feedback.md': ['The feedback hook', 'Delivery', 'Signatures', 'Where a hook may lead'],
  'docs/queues.md': ['Queues', 'Redis', 'NATS', 'NSQ', 'From a Gorush'],
  'docs/apps.md': [
    'Apps',
    'Which app a notification is for',
    'What an app sets, and what it does not',
    'What is apart',
    'Counters',
    'Changes while it runs',
    'Apps made at run time',
  ],
  'docs/operations.md': [
    'Health',
    'Behind a balancer',
    'Shutdown and rolling restart',
    'The queue file',
    'Retries',
    'Feedback hook',
    'Logs',
    'Counters',
    'Keys and certificates',
    'Memory',
  ],
  'docs/authentication.md': [
    'Who may call',
    'API keys',
    'Scopes',
    'Tokens (JWT)',
    'Tokens of people',
    'Client certificates',
    'gRPC',
    'Answers',
    'Rate limits',
    'Guessing',
    'A port for administration',
    'Audit log',
  ],
  'docs/webpush.md': [
    'Set up',
    'Key pairs, and how to change them',
    'What a browser gets',
    'What becomes of it',
    'Where pushes may go',
    'Try it',
  ],
  'docs/expo.md': ['What goes out', 'What comes back'],
  'docs/ntfy.md': ['Targets', 'What goes out', 'What comes back'],
  'docs/email.md': [
    'Encryption and sign-in',
    'What goes out',
    'What comes back',
    'In the sandbox',
    'Bounces and complaints',
    'Unsubscribing',
  ],
  'docs/sms.md': ['What goes out', 'What comes back', 'STOP and START', 'In the sandbox'],
  'docs/slack.md': ['Targets', 'What goes out', 'Limits and answers'],
  'docs/sandbox.md': ['The sandbox', 'A person to send to', 'What arrived', 'What is checked', 'Tokens that steer'],
  'docs/hub.md': [
    'What is kept, and what happens after a crash',
    'Sending',
    'The inbox',
    'What people do with it',
    'People and devices',
    'Who wants no more of it',
  ],
  'docs/hub/analytics.md': [
    'What has happened, in numbers',
    'What the numbers are',
    'Cost and savings',
    'How they are made',
    'At a glance',
  ],
  'docs/hub/api.md': [
    'Who may call',
    'Apps',
    'Ids, times and durations',
    'Bodies and errors',
    'Changes',
    'Lists',
    'Idempotency-Key',
    'When the store is down',
  ],
  'docs/hub/client.md': ['In the app of a person', 'The stream', 'The rest', 'Web Push'],
  'docs/hub/deciding.md': [
    'The order of deciding',
    'The ways, and their order',
    'Limits',
    'What a push, a mail or an SMS carries',
    'In words',
    'Reasons',
  ],
  'docs/hub/incidents.md': [
    'Tell the hub of an incident',
    'Acknowledge, escalate, resolve',
    'On call: escalate until someone has it in hand',
    'By when: SLA',
    'Events, also from tools that speak PagerDuty',
    'A notice that you word yourself',
    'What comes late, twice or at once',
    'What a severity means',
    'The timeline',
    'Finding and removing',
  ],
  'docs/hub/library.md': [
    'The hub as a library',
    '`createPushNotifier(config, storage)`',
    'What it does',
    'For users of the Go package `push`',
  ],
  'docs/hub/notify.md': [
    'Live notifications as a library',
    '`createNotifier(options)`',
    'Sinks',
    'What it does',
    'For users of the Go package `notify`',
  ],
  'docs/hub/other-apis.md': ['Two other APIs on the hub', 'django-push-notifications', 'Push by namespaces'],
  'docs/hub/push.md': ["How the hub's pushes reach devices", 'How long a push is repeated', 'Other Gorushes'],
  'docs/hub/schedules.md': ['Send again and again', 'Collect, and send together'],
  'docs/hub/settings.md': [
    'What people want to hear, and when',
    'Quiet hours',
    'Snooze',
    'What was held is asked about again',
  ],
  'docs/hub/streams.md': [
    'Streams and presence',
    'What a reader can rely on',
    'Server-sent events',
    'WebSocket',
    'The inbox, live',
    'Behind proxies',
    'HTTP/2',
    'Long poll',
    'Publishing',
    'How many there may be',
    'Presence',
    'Sinks',
    'Several processes',
  ],
  'docs/hub/tasks.md': ['Tell the hub of a task', 'Until when', 'What people hear once a day', 'Buttons'],
  // Guides: their commands are run, and what they say otherwise is in the pages that they lead to.
  ...Object.fromEntries(
    [
      ...['register-devices', 'quiet-hours', 'on-call', 'task-reminders', 'digests'],
      ...['from-onesignal', 'from-novu', 'from-fcm'],
    ].map((guide) => [`docs/hub/${guide}.md`, ['What can go wrong']]),
  ),
};

interface Section {
  readonly title: string;
  /** Paragraphs, lists and tables, without the code between them. */
  readonly blocks: readonly string[];
}

/** A section goes on through headings of a lower rank. */
export function sectionsOf(page: string): Section[] {
  const prose = page.replace(/^```[\s\S]*?^```$/gm, '');
  return prose.split(/^##? /m).map((section) => {
    const [title = '', ...lines] = section.split('\n');
    const blocks = lines.join('\n').split(/\n\s*\n/);
    return {
      title,
      blocks: blocks.map((block) => block.trim()).filter((block) => block !== '' && !block.startsWith('#')),
    };
  });
}

/**
 * Promises of a section that name no test: its paragraphs but those that lead to what is below (`:`), items of its lists, rows of its
 * tables. A paragraph that begins with `Proof` is about the block in front of it.
 */
export const unproven = ({ blocks }: Section): string[] =>
  blocks.flatMap((block, index) => (blocks[index + 1]?.startsWith('Proof') ? [] : promisesOf(block))).filter(hasNoTest);

const hasNoTest = (promise: string): boolean => testsIn(promise).length === 0;

function promisesOf(block: string): string[] {
  if (block.startsWith('|')) return tableRows(block);
  if (/^(?:-|\d+\.) /.test(block)) return block.match(/^(?:-|\d+\.) .*(?:\n {2,}.*)*/gm) ?? [];
  return block.endsWith(':') ? [] : [block];
}

const isDelimiter = (line: string | undefined): boolean => line !== undefined && /^\|[ |:-]+$/.test(line);

/** Those of the body. */
const tableRows = (table: string): string[] =>
  table.split('\n').filter((line, index, lines) => !isDelimiter(line) && !isDelimiter(lines[index + 1]));

/** Files of tests, a name without a folder being in that of the one before it. */
export function testsIn(text: string): string[] {
  let folder = '';
  return [...text.matchAll(/`((?:test\/(?:[\w./-]*\/)?)?)([\w-]+(?:\.(?:peer|heavy))?\.test\.ts)`/g)].map(
    ([, own = '', name]) => {
      if (own !== '') folder = own;
      return folder + name;
    },
  );
}
