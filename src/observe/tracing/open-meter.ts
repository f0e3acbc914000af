import { OTLPExporterBase } from '@opentelemetry/otlp-exporter-base';
import { convertLegacyHttpOptions, createOtlpHttpExportDelegate } from '@opentelemetry/otlp-exporter-base/node-http';
import { MetricsExporterMetricsHelper, ProtobufMetricsSerializer } from '@opentelemetry/otlp-transformer';
import { detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources';
import {
  MeterProvider,
  PeriodicExportingMetricReader,
  type PushMetricExporter,
  type ResourceMetrics,
} from '@opentelemetry/sdk-metrics';
import { LastingTrouble } from '../../kit/lasting-trouble.ts';
import { receiverHeaders, signalUrl } from './receiver.ts';

/** What is read whenever metrics leave. */
export interface MeterReadings {
  /** Streams of people that are open. */
  readonly streams: () => number;
}

export interface MeterOptions {
  /** Of an OTLP receiver, as for traces. */
  readonly endpoint: string;
  /** `name: value` each, sent to the receiver. */
  readonly headers: readonly string[];
  readonly serviceName: string;
  readonly version: string;
  readonly readings: MeterReadings;
  readonly warn: (message: string, fields: Readonly<Record<string, unknown>>) => void;
  /** Default: a minute. */
  readonly intervalMs?: number;
}

export interface Meter {
  /** Sends what there is, and ends. */
  close(): Promise<void>;
}

const INTERVAL_MS = 60_000;
/** An export and a shutdown wait no longer for the receiver. */
const PATIENCE_MS = 3000;
const SUCCESS = 0;

/** OTLP over HTTP in protobuf, which says when metrics are lost and when they are taken again. */
class Exporter extends OTLPExporterBase<ResourceMetrics> implements PushMetricExporter {
  readonly #trouble = new LastingTrouble();
  readonly #host: string | undefined;
  readonly #warn: MeterOptions['warn'];

  constructor({ endpoint, headers, warn }: MeterOptions) {
    const url = signalUrl(endpoint, 'metrics');
    const type = { 'Content-Type': 'application/x-protobuf' };
    const settings = convertLegacyHttpOptions(
      { url, headers: receiverHeaders(headers) },
      'METRICS',
      'v1/metrics',
      type,
    );
    super(
      createOtlpHttpExportDelegate(
        settings,
        ProtobufMetricsSerializer,
        'otlp_http_metric_exporter',
        MetricsExporterMetricsHelper,
        undefined,
      ),
    );
    this.#host = URL.parse(url)?.host;
    this.#warn = warn;
  }

  override export(...[metrics, done]: Parameters<PushMetricExporter['export']>): void {
    const host = this.#host;
    super.export(metrics, (result) => {
      if (result.code === SUCCESS)
        this.#trouble.succeeded((seconds) => this.#warn('metrics are taken again', { host, seconds }));
      else {
        const error = result.error?.message ?? 'refused';
        this.#trouble.failed(() => this.#warn('metrics are lost: the receiver does not take them', { host, error }));
      }
      done(result);
    });
  }
}

/** Sends metrics to an OTLP receiver. Loaded only where they are wanted. */
export function openMeter(options: MeterOptions): Meter {
  const { serviceName, version, readings, intervalMs = INTERVAL_MS } = options;
  const own = resourceFromAttributes({ 'service.name': serviceName, 'service.version': version });
  const provider = new MeterProvider({
    resource: own.merge(detectResources({ detectors: [envDetector] })),
    readers: [
      new PeriodicExportingMetricReader({
        exporter: new Exporter(options),
        exportIntervalMillis: intervalMs,
        exportTimeoutMillis: Math.min(PATIENCE_MS, intervalMs),
      }),
    ],
  });
  provider
    .getMeter('martlet', version)
    .createObservableGauge('mailbox.notify.streams.active', {
      ...{ description: 'Streams of people that are open', unit: '{stream}' },
    })
    .addCallback((result) => result.observe(readings.streams()));
  return {
    async close() {
      const timer = new Promise((resolve) => setTimeout(resolve, PATIENCE_MS).unref());
      await Promise.race([provider.shutdown().catch(() => {}), timer]);
    },
  };
}
