import type { Config } from '../../config/schema.ts';
import type { LoadTracingOptions } from './load-tracing.ts';
import type { Meter, MeterReadings } from './open-meter.ts';

/** Loaded only where metrics are to be sent: otherwise it costs neither start time nor memory. */
export async function loadMeter(
  { tracing }: Pick<Config, 'tracing'>,
  { otlpEndpoint = '', version, log }: LoadTracingOptions,
  readings: MeterReadings,
): Promise<Meter | undefined> {
  const endpoint = tracing.endpoint || otlpEndpoint;
  if (endpoint === '' || !tracing.metrics) return undefined;
  const { openMeter } = await import('./open-meter.ts');
  const { headers, service_name: serviceName } = tracing;
  return openMeter({
    ...{ endpoint, headers, serviceName, version, readings },
    warn: (message, fields) => log.warn(message, fields),
  });
}
