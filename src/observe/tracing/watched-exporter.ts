import type { SpanExporter } from '@opentelemetry/sdk-trace';
import { LastingTrouble } from '../../kit/lasting-trouble.ts';

const SUCCESS = 0;

/** An exporter that says when its spans are lost because the receiver is away or refuses them, and when it takes them again. */
export function watchedExporter(
  exporter: SpanExporter,
  url: string,
  warn: (message: string, fields: Readonly<Record<string, unknown>>) => void,
  now?: () => number,
): SpanExporter {
  const trouble = new LastingTrouble(now);
  const host = URL.parse(url)?.host;
  return {
    export(spans, done) {
      exporter.export(spans, (result) => {
        if (result.code === SUCCESS) trouble.succeeded((seconds) => warn('traces are taken again', { host, seconds }));
        else {
          const error = result.error?.message ?? 'refused';
          trouble.failed(() => warn('traces are lost: the receiver does not take them', { host, error }));
        }
        done(result);
      });
    },
    shutdown: () => exporter.shutdown(),
    ...(exporter.forceFlush ? { forceFlush: () => exporter.forceFlush?.() ?? Promise.resolve() } : {}),
  };
}
