import { flag, list, ours, section, share, text } from './leaf.ts';

export const tracingSection = section('Traces of pushes, by OpenTelemetry. See tracing.md.', {
  endpoint: text(
    '',
    'An OTLP receiver (HTTP, protobuf), like `http://localhost:4318`; empty: `OTEL_EXPORTER_OTLP_ENDPOINT` of the environment, or no traces.',
    { martlet: true },
  ),
  headers: list('Headers for the receiver, `name: value`.', { martlet: true }),
  sample: share(
    1,
    'Share of the traces that begin here, 0 to 1; those that a caller began are recorded if the caller records them.',
    ours,
  ),
  metrics: flag(
    false,
    'Sends `mailbox.notify.streams.active`, the streams of people that are open, to `<endpoint>/v1/metrics` every minute. All other metrics: GET /metrics.',
    ours,
  ),
  service_name: text('martlet', 'What the relay is called in traces.', ours),
});
