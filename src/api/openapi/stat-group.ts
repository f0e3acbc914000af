import {
  type ApiGroup,
  type ApiSettings,
  count,
  error,
  guide,
  json,
  number,
  type Operation,
  plain,
  record,
  ref,
  text,
} from './api-group.ts';

const figures = (names: string, schema: (description: string) => object): { [name: string]: object } =>
  Object.fromEntries(names.split(' ').map((name) => [name, schema('')]));

const statGo = record({
  time: { type: 'integer', description: 'UNIX nanoseconds.' },
  go_version: text("Node's version."),
  go_os: text(''),
  go_arch: text(''),
  gc_last: { type: 'integer', description: 'UNIX nanoseconds of the last pause.' },
  gc_pause: { type: 'array', items: number(''), description: 'Milliseconds each, since the last call.' },
  gc_per_second: number(''),
  gc_pause_per_second: number('Milliseconds.'),
  ...figures('cpu_num goroutine_num gomaxprocs cgo_call_num gc_num gc_next', count),
  ...figures(
    'memory_alloc memory_total_alloc memory_sys memory_lookups memory_mallocs memory_frees memory_stack',
    count,
  ),
  ...figures('heap_alloc heap_sys heap_idle heap_inuse heap_released heap_objects', count),
});

const TEXT = { type: 'string' };

const byStatus = { type: 'object', additionalProperties: count('') };

const sysStats = record({
  hostname: text(''),
  uptime: text('A duration as Go writes it: `1h2m3.5s`.'),
  time: text(''),
  total_response_time: text('A duration as Go writes it.'),
  average_response_time: text('A duration as Go writes it.'),
  status_code_count: { ...byStatus, description: 'Answers of this second, by status.' },
  total_status_code_count: { ...byStatus, description: 'Answers since the start, by status.' },
  total_metrics_counts: { type: 'object' },
  average_metrics_timers: { type: 'object' },
  ...figures('pid unixtime count total_count total_response_size average_response_size', count),
  ...figures('uptime_sec total_response_time_sec average_response_time_sec', number),
});

const counters = {
  total_count: count('Device tokens and topics taken.'),
  ios: ref('PlatformCounts'),
  android: ref('PlatformCounts'),
  huawei: ref('PlatformCounts'),
};

const statAppBody = record(
  {
    version: text("Gorush's version."),
    busy_workers: count('Batches that are being sent, of all apps.'),
    submitted_tasks: count('Notifications taken, of all apps.'),
    success_tasks: count(''),
    failure_tasks: count(''),
    ...counters,
  },
  {
    apps: {
      type: 'object',
      additionalProperties: ref('AppCounters'),
      description: 'What of it is of which app; absent while only the app `default` was counted.',
    },
  },
);

const statApp: Operation = {
  operationId: 'statApp',
  summary: 'Counters of pushes',
  description: 'A key that is for some apps only is shown those, and what they come to together.',
  parameters: [
    { name: 'app', in: 'query', description: 'Only of this app.', schema: { type: 'string' }, example: 'default' },
  ],
  responses: {
    200: json('Since the first start, where `stat.engine` keeps them.', ref('StatApp')),
    400: error('`app` is given more than once.'),
    403: error('The key is not for this app.'),
    404: error('There is no such app.'),
  },
};

/** Counters, figures, metrics, and the configuration. */
export const statGroup = ({ uris }: ApiSettings): ApiGroup => ({
  tag: {
    name: 'Figures',
    description: 'What the relay has done, and how it is set up.',
    ...guide('metrics', 'Metrics'),
  },
  paths: {
    [uris.stat_app_uri]: { get: statApp },
    [uris.stat_go_uri]: {
      get: {
        operationId: 'statGo',
        summary: 'Figures of the runtime',
        description: "Gorush's names, Node's figures; what V8 does not keep is 0.",
        responses: { 200: json('Now.', ref('StatGo')) },
      },
    },
    [uris.sys_stat_uri]: {
      get: {
        operationId: 'sysStats',
        summary: 'Counters of HTTP answers',
        responses: { 200: json('Of this process.', ref('SysStats')) },
      },
    },
    [uris.config_uri]: {
      get: {
        operationId: 'config',
        summary: 'The configuration',
        responses: { 200: plain('YAML, secrets redacted.', 'application/yaml', { type: 'object' }) },
      },
    },
    [uris.metric_uri]: {
      get: {
        operationId: 'metrics',
        summary: 'Metrics for Prometheus',
        description: 'OpenMetrics where the header `Accept` asks for it.',
        responses: {
          200: {
            description: "Prometheus' text format, or OpenMetrics.",
            content: { 'text/plain': { schema: TEXT }, 'application/openmetrics-text': { schema: TEXT } },
          },
        },
      },
    },
  },
  schemas: {
    StatApp: statAppBody,
    AppCounters: record(counters),
    PlatformCounts: record({ push_success: count('Delivered.'), push_error: count('Failed for good.') }),
    StatGo: statGo,
    SysStats: sysStats,
  },
});
