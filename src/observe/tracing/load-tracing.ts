import type { Config } from '../../config/schema.ts';
import type { Log } from '../log/log.ts';
import type { Tracing } from './tracing.ts';

export interface LoadTracingOptions {
  /** What the environment says (OTEL_EXPORTER_OTLP_ENDPOINT), where the configuration says nothing. */
  readonly otlpEndpoint?: string | undefined;
  /** Martlet's own version. */
  readonly version: string;
  readonly log: Pick<Log, 'warn'>;
}

/** OpenTelemetry is loaded only where there is somewhere to send traces: otherwise it costs neither start time nor memory. */
export async function loadTracing(
  { tracing }: Pick<Config, 'tracing'>,
  { otlpEndpoint = '', version, log }: LoadTracingOptions,
): Promise<Tracing | undefined> {
  const endpoint = tracing.endpoint || otlpEndpoint;
  if (endpoint === '') return undefined;
  const { openTracing } = await import('./open-tracing.ts');
  const { headers, sample, service_name: serviceName } = tracing;
  return openTracing({
    ...{ endpoint, headers, sample, serviceName, version },
    warn: (message, fields) => log.warn(message, fields),
  });
}
