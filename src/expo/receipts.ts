/**
 * Asks Expo what became of accepted pushes: each from `receipts.first` on, with doubling pauses, until Expo has an answer or
 * `receipts.until` is over. What is to be asked is on disk (LateOutcomes), so a restart goes on; several processes share it.
 *
 * Each app is: waiting for the next look → asking, a request after another → waiting. What one app has, or how long its answers take,
 * holds up no other.
 */

import type { Dispatcher } from 'undici';
import type { LateOutcomes, PendingReceipt } from '../carrier/late-outcomes.ts';
import { background } from '../kit/background.ts';
import { LastingTrouble } from '../kit/lasting-trouble.ts';
import { toMs } from '../kit/seconds.ts';
import { answerIn, firstError, receiptsIn } from './answer.ts';
import { askExpo } from './client.ts';
import { errorOf } from './reasons.ts';
import type { ExpoSection } from './section.ts';

/** Receipts of one request, as Expo's own client asks. */
const MOST_IDS = 300;
/** Apps that are asked for at the same time. */
const MOST_APPS = 32;
/** Milliseconds between looks at what is due. */
const LOOK_MS = 1000;

export interface ReceiptPollerOptions {
  readonly late: LateOutcomes;
  readonly dispatcher: Dispatcher;
  readonly sectionOf: (app: string) => ExpoSection | undefined;
  readonly warn: (message: string) => void;
  /** Milliseconds; default 1,000. */
  readonly lookMs?: number;
  /** Monotonic milliseconds. */
  readonly monotonic?: (() => number) | undefined;
}

export class ReceiptPoller {
  readonly #options: ReceiptPollerOptions;
  readonly #closing = new AbortController();
  readonly #timer: NodeJS.Timeout;
  readonly #troubles = new Map<string, LastingTrouble>();
  readonly #asking = new Map<string, Promise<void>>();
  /** The last app that a look began with: the next one goes on behind it. */
  #last = '';

  constructor(options: ReceiptPollerOptions) {
    this.#options = options;
    this.#timer = setInterval(() => this.#look(), options.lookMs ?? LOOK_MS);
    this.#timer.unref();
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#closing.abort();
    await Promise.all(this.#asking.values());
  }

  #look(): void {
    const { late, sectionOf } = this.#options;
    const apps = late.apps().toSorted();
    const next = apps.findIndex((app) => app > this.#last);
    for (const app of [...apps.slice(Math.max(0, next)), ...apps.slice(0, Math.max(0, next))]) {
      if (this.#asking.size >= MOST_APPS) return;
      const section = this.#asking.has(app) ? undefined : sectionOf(app);
      if (!section) continue;
      this.#last = app;
      const asking = this.#askApp(app, section).finally(() => this.#asking.delete(app));
      this.#asking.set(app, asking);
      background(asking);
    }
  }

  async #askApp(app: string, section: ExpoSection): Promise<void> {
    for (;;) {
      const pauseMs = (asked: number) => toMs(section.receipts.interval) * 2 ** Math.min(asked - 1, 20);
      const due = this.#options.late.due(app, MOST_IDS, pauseMs);
      if (due.length > 0) await this.#ask(app, due, section);
      if (due.length < MOST_IDS || this.#closing.signal.aborted) break;
    }
  }

  /** What has no answer now is due again later. */
  async #ask(app: string, due: readonly PendingReceipt[], section: ExpoSection): Promise<void> {
    const { dispatcher, late } = this.#options;
    const { endpoint, access_token: accessToken, request_timeout: timeout } = section;
    const ids = due.map(({ id }) => id);
    const way = { dispatcher, endpoint, accessToken, timeoutMs: toMs(timeout), signal: this.#closing.signal };
    const result = await askExpo('getReceipts', { ids }, way);
    const answer = 'fault' in result || result.status !== 200 ? undefined : answerIn(result.body);
    const error = answer && firstError(answer);
    if (!answer || error)
      return this.#failed(
        app,
        endpoint,
        'fault' in result ? result.fault.message : `${result.status} ${error?.code ?? ''}`.trim(),
      );
    this.#troubles
      .get(app)
      ?.succeeded((seconds) =>
        this.#options.warn(`expo: receipts (app ${app}) can be asked for again after ${seconds} s`),
      );
    this.#troubles.delete(app);
    const receipts = receiptsIn(answer);
    for (const id of ids) {
      const receipt = receipts.get(id);
      // `ok` says that Apple or Google took it, which is not delivered: the push stays as it is.
      if (receipt?.status === 'ok') late.forget([id]);
      else if (receipt?.status === 'error') late.report(app, id, errorOf(receipt));
    }
  }

  #failed(app: string, endpoint: string, why: string): void {
    if (this.#closing.signal.aborted) return;
    const { host } = new URL(endpoint);
    const { warn } = this.#options;
    const trouble = this.#troubles.get(app) ?? new LastingTrouble(this.#options.monotonic);
    this.#troubles.set(app, trouble);
    trouble.failed(() =>
      warn(
        `expo: receipts (app ${app}) cannot be asked for at ${host}, late verdicts wait: ${why.split('\n', 1)[0]?.slice(0, 300)}`,
      ),
    );
  }
}
