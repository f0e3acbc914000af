/** Everything that sends events of streams to sinks: the same is asked of each. */
import { join } from 'node:path';
import { eventSinks, sinkCounts, sinkTargets } from '../../../src/feedback/event-sinks.ts';
import { createFeedbackHook } from '../../../src/feedback/hook.ts';
import {
  createNotifier,
  type SinkStats,
  type WebhookSink,
  type WebhookSinksOptions,
  webhookSinks,
} from '../../../src/notify/create-notifier.ts';
import { LocalQueue } from '../../../src/queue/file/local-queue.ts';
import { MemoryStreamStore } from '../../../src/streams/memory/memory-stream-store.ts';
import { Streams } from '../../../src/streams/streams.ts';

export type SinkMap = Readonly<Record<string, WebhookSink>>;
export type SinkPace = Pick<WebhookSinksOptions, 'firstMs' | 'maxMs' | 'maxAgeMs' | 'maxWaiting'>;

export interface OpenSinks {
  /** @returns its id, once it is kept */
  publish(user: string, type: string, payload: unknown): Promise<string>;
  stats(): Readonly<Record<string, SinkStats>>;
  readonly lines: readonly string[];
  close(): Promise<void>;
}

export interface SinkKind {
  readonly name: string;
  /** Where what waits outlives the process; undefined: it does not. */
  readonly file: string | undefined;
  open(sinks: SinkMap, folder: string, pace?: SinkPace): Promise<OpenSinks>;
}

const APP = 'shop';
const timestamp = '2026-11-30T01:00:00Z';

/** As the relay does it for `hub.sinks`. */
const ofHub = (lasts: boolean): SinkKind => ({
  name: lasts ? 'hub.sinks with a queue file' : 'hub.sinks without one',
  file: lasts ? 'sinks.db' : undefined,
  async open(sinks, folder, { maxWaiting = 10_000, ...pace } = {}) {
    const settings = Object.entries(sinks).map(([name, sink]) => {
      const headers = Object.entries(sink.headers ?? {}).map(([key, value]) => `${key}: ${value}`);
      const { url, secrets: secret = [], types = [], format = 'standard', timeoutMs = 10_000 } = sink;
      const allow_private = sink.allowPrivate ?? false;
      return [name, { url, secret, headers, types, format, timeout: timeoutMs / 1000, allow_private }] as const;
    });
    const all = Object.fromEntries(settings);
    const targets = sinkTargets(all);
    const file = { path: join(folder, 'sinks.db'), sync: 'normal', limit: 10 } as const;
    const queue = lasts ? new LocalQueue({ ...file, wake() {}, restore: () => [] }) : undefined;
    const lines: string[] = [];
    const tell = (message: string, fields?: object): void => void lines.push(`${message} ${JSON.stringify(fields)}`);
    const hook = createFeedbackHook({
      ...{ hookOf: (name) => targets.get(name), log: { warn: tell, error: tell }, keeper: queue?.reports },
      ...{ maxEntries: 10 * maxWaiting, maxShelved: 50 * maxWaiting, ...pace },
    });
    const saved = eventSinks(all, hook, (user) => ({ app: APP, user }));
    const streams = new Streams({ store: new MemoryStreamStore(), saved });
    return {
      lines,
      async publish(user, type, payload) {
        const event = await streams.push(user, { type, payload: JSON.stringify(payload), timestamp });
        return event?.id ?? '';
      },
      stats: () =>
        Object.fromEntries(
          sinkCounts(Object.keys(sinks), hook).map(({ sink, backlog: waiting, ...rest }) => [
            sink,
            { waiting, ...rest },
          ]),
        ),
      async close() {
        await streams.close();
        await hook.close();
        await queue?.close();
      },
    };
  },
});

const ofLibrary = (lasts: boolean): SinkKind => ({
  name: lasts ? 'martlet/notify with a file' : 'martlet/notify without one',
  file: lasts ? 'sinks.db' : undefined,
  async open(map, folder, pace = {}) {
    const lines: string[] = [];
    const path = lasts ? { path: join(folder, 'sinks.db') } : {};
    const sinks = await webhookSinks(map, {
      ...pace,
      ...path,
      log: (level, text) => void lines.push(`${level} ${text}`),
    });
    const notifier = createNotifier({ sinks });
    return {
      lines,
      publish: async (user, type, payload) => (await notifier.push(user, { type, payload, timestamp }))?.id ?? '',
      stats: () => sinks.stats(),
      async close() {
        await notifier.close();
        await sinks.close();
      },
    };
  },
});

export const sinkKinds: readonly SinkKind[] = [ofHub(true), ofHub(false), ofLibrary(true), ofLibrary(false)];
