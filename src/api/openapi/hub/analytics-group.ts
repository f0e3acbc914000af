import type { JsonSchema } from '../../../push/wire/decoding.ts';
import { type ApiGroup, count, guide, json, number, type Parameter, record, ref, text } from '../api-group.ts';
import { hubOperation, instant } from './hub-parts.ts';

const byReason = (description: string): JsonSchema => ({
  type: 'object',
  additionalProperties: { type: 'integer' },
  description,
});

const rate = { type: ['number', 'null'] } as const;

const figures = {
  ...{ pending: count(''), deferred: count(''), sent: count(''), delivered: count(''), seen: count('') },
  read: count(''),
  failed: byReason('By the word of the provider.'),
  suppressed: byReason('By reason.'),
  cancelled: byReason('By reason.'),
  expired: count(''),
  opened: count('Engagements, each once for each person and device.'),
  dismissed: count(''),
  acted: count('A button was pressed.'),
  rates: {
    ...record({ delivered: rate, seen: rate, read: rate, opened: rate, acted: rate }),
    description: 'Of `sent + delivered + seen + read`; null: there are none.',
  },
  latency_ms: {
    ...record({ p50: number(''), p95: number(''), p99: number('') }),
    type: ['object', 'null'],
    description: 'From when a decision was due to the answer of its provider, within 5 %; null: none has answered.',
  },
  cost: number('Of what providers took, by `hub.costs`.'),
  saved: {
    ...record({
      suppressed: number('Ruled out by people, filters and throttles.'),
      dead: number('To devices and addresses that are known to be dead.'),
      collapsed: number('A later notification took its place.'),
      realtime_first: number('The person had it already.'),
      digested: number('It went in a digest.'),
      total: number(''),
    }),
    description: 'What was not spent.',
  },
} satisfies Record<string, JsonSchema>;

const groups = {
  hour: instant('When the hour began.'),
  day: text('`2026-12-01`'),
  ...{ type: text(''), channel: text('Empty: engagements that name no device.'), platform: text('Empty: no device.') },
};

const ZONE: Parameter = {
  name: 'timezone',
  in: 'query',
  description: 'Whose hours and days, an IANA zone; absent: `hub.timezone`.',
  schema: { type: 'string' },
  example: 'Europe/Berlin',
};

const time = (name: string, description: string): Parameter => ({
  ...{ name, in: 'query', description, schema: { type: 'string', format: 'date-time' } },
});

const rows: JsonSchema = { type: 'array', items: ref('AnalyticsRow') };

const paths: ApiGroup['paths'] = {
  '/v1/analytics': {
    get: hubOperation({
      operationId: 'readAnalytics',
      summary: 'Figures of a time, parted by what is asked for',
      description:
        'A decision counts where its notification was accepted, in the state that it has now: the sums are those of `counts` of the notifications. There within five seconds. `from` and `to` are taken to whole quarters of an hour.',
      parameters: [
        time('from', 'Absent: a day before `to`.'),
        time('to', 'Exclusive; absent: now.'),
        {
          name: 'by',
          in: 'query',
          description: 'Some of `hour`, `day`, `type`, `channel`, `platform`, with commas; absent: the total alone.',
          schema: { type: 'string' },
          example: 'channel,type',
        },
        ZONE,
      ],
      responses: {
        200: json(
          'In the order of what they are parted by.',
          record({
            ...{ app: text(''), from: instant(), to: instant(), timezone: text('') },
            by: { type: 'array', items: { type: 'string' } },
            costs: { type: 'object', additionalProperties: { type: 'number' }, description: 'By channel.' },
            rows,
            total: ref('AnalyticsFigures'),
          }),
        ),
      },
    }),
  },
  '/v1/dashboard': {
    get: hubOperation({
      operationId: 'readDashboard',
      summary: 'An app at a glance',
      description: 'People, devices, incidents, tasks and timers are counted up to 100,000 of each.',
      parameters: [ZONE],
      responses: {
        200: json(
          'The last 24 hours, beside those before.',
          record({
            ...{ app: text(''), at: instant(), timezone: text(''), people: count('') },
            devices: byReason('By status.'),
            incidents: record({ open: count(''), acknowledged: count('') }),
            tasks: record({ open: count(''), in_progress: count('') }),
            timers: record({ waiting: count(''), overdue: count('Due more than a minute ago, and not done.') }),
            ...{ last_day: ref('AnalyticsFigures'), day_before: ref('AnalyticsFigures'), hours: rows, channels: rows },
            removals_paused_until: {
              ...{ type: ['string', 'null'], format: 'date-time' },
              description: 'Dead devices are not removed until then; null: they are.',
            },
          }),
        ),
      },
    }),
  },
};

/** What has happened, in numbers. */
export const analyticsGroup = (): ApiGroup => ({
  tag: {
    name: 'Analytics',
    description: 'What has happened to notifications to people, in numbers.',
    ...guide('hub/analytics', 'What has happened, in numbers'),
  },
  paths,
  schemas: { AnalyticsFigures: record(figures), AnalyticsRow: record(figures, groups) },
});
