import { type Reason, type ReasonTable, wholeAdvice } from '../../src/carrier/reasons.ts';
import { relayReasons } from '../../src/providers/advice.ts';
import { builtIn, type ProviderTable } from '../../src/providers/registry.ts';
import type { Category } from '../../src/push/push.ts';
import { cell } from './cell.ts';

const HEAD = `# Errors

<!-- Generated from the tables of reasons in src/ by \`npm run docs\`. -->

A push that failed has an entry in \`logs\` (sync mode), a call of the feedback hook and a line in the error log. Match on \`category\`,
\`reason\`, \`invalid_token\` and \`retryable\`, never on the text of \`error\`, which is Gorush's.
`;

/** Meaning, and what the relay does, of each category; the order is the page's. */
const categories = {
  invalid_token: ['The target is dead: delete it (`invalid_token: true`).', 'never sent again'],
  invalid_request: ['The request is wrong; the token may be good.', 'never sent again'],
  credential: ["The relay's own key, certificate or secret is refused: someone must act.", 'never sent again'],
  stale_credential: ['A credential was refused that the relay can renew.', 'renewed and sent again at once'],
  unavailable: [
    'The provider says: later.',
    'again after a pause, at most `max_retry` times (a 503 of FCM once even with 0)',
  ],
  unanswered: [
    'No answer came; the device may have got it.',
    'again after a pause, at most `max_retry` times (FCM: once even with 0)',
  ],
  not_sent: ['The provider has not seen it.', 'again after a pause until `queue.max_age`'],
  disabled: ['The platform is off, or there is none of that number.', 'never sent'],
  expired: ['It waited longer than `queue.max_age` or its own `expiration`.', 'never sent again'],
  cancelled: ['The hub took it back while it waited: read elsewhere, device gone, person deleted.', 'never sent again'],
  pending: ['Sync mode only: no outcome yet when `core.sync_timeout` was over.', 'goes on'],
} as const satisfies Record<Category, readonly [string, string]>;

const unknownBy = (ofStatus: (status: number) => Reason): ReasonTable =>
  Object.fromEntries(
    [400, 401, 403, 410, 429, 500].map((status) => [`other, with status ${status}`, ofStatus(status)]),
  );

const word = (reason: string): string => (reason.startsWith('other') ? reason : `\`${reason}\``);

/** A word that may be about the target has a line for that, too. */
const lines = (reasons: ReasonTable): ReasonTable =>
  Object.fromEntries(
    Object.entries(reasons).flatMap(([word, reason]): [string, Reason][] =>
      reason.aboutTarget === undefined
        ? [[word, reason]]
        : [
            [word, reason],
            [`${word} (token)`, { category: 'invalid_token', advice: reason.aboutTarget }],
          ],
    ),
  );

const table = (title: string, reasons: ReasonTable): string =>
  [
    `## ${title}`,
    '',
    '| reason | category | what to do |',
    '|---|---|---|',
    ...Object.entries(reasons).map(
      ([name, reason]) => `| ${word(name)} | ${reason.category} | ${cell(wholeAdvice(reason))} |`,
    ),
    '',
  ].join('\n');

const categoryTable = [
  '## Categories',
  '',
  '| category | meaning | the push is |',
  '|---|---|---|',
  ...Object.entries(categories).map(([category, [meaning, then]]) => `| \`${category}\` | ${meaning} | ${then} |`),
  '',
].join('\n');

/** docs/errors.md: every reason with its category and what to do about it. */
export const errorsPage = ({ rows }: ProviderTable = builtIn): string =>
  [
    HEAD,
    categoryTable,
    ...rows.map(({ title, reasons, unknownReason }) =>
      table(title.provider, { ...lines(reasons), ...unknownBy(unknownReason) }),
    ),
    table('The relay', relayReasons),
  ].join('\n');
