/**
 * Asks Expo what became of accepted pushes: each from `receipts.first` on, with doubling pauses, until Expo has an answer or
 * `receipts.until` is over. What is to be asked is on disk (LateOutcomes), so a restart goes on; several processes share it.
 *
 * States: waiting for the next look → asking, one app after another → waiting; closed.
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
  readonly #trouble: LastingTrouble;
  #asking: Promise<void> | undefined;

  constructor(options: ReceiptPollerOptions) {
    this.#options = options;
    this.#trouble = new LastingTrouble(options.monotonic);
    this.#timer = setInterval(() => this.#look(), options.lookMs ?? LOOK_MS);
    this.#timer.unref();
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#closing.abort();
    await this.#asking;
  }

  #look(): void {
    if (this.#asking) return;
    this.#asking = this.#askAll().finally(() => {
      this.#asking = undefined;
    });
    background(this.#asking);
  }

  async #askAll(): Promise<void> {
    const { late, sectionOf } = this.#options;
    for (const app of late.apps()) {
      const section = sectionOf(app);
      if (!section) continue;
      for (;;) {
        const pauseMs = (asked: number) => toMs(section.receipts.interval) * 2 ** Math.min(asked - 1, 20);
        const due = late.due(app, MOST_IDS, pauseMs);
        if (due.length > 0) await this.#ask(due, section);
        if (due.length < MOST_IDS || this.#closing.signal.aborted) break;
      }
    }
  }

  /** What has no answer now is due again later. */
  async #ask(due: readonly PendingReceipt[], section: ExpoSection): Promise<void> {
    const { dispatcher, late } = this.#options;
    const { endpoint, access_token: accessToken, request_timeout: timeout } = section;
    const ids = due.map(({ id }) => id);
    const way = { dispatcher, endpoint, accessToken, timeoutMs: toMs(timeout), signal: this.#closing.signal };
    const result = await askExpo('getReceipts', { ids }, way);
    const answer = 'fault' in result || result.status !== 200 ? undefined : answerIn(result.body);
    const error = answer && firstError(answer);
    if (!answer || error)
      return this.#failed(
        endpoint,
        'fault' in result ? result.fault.message : `${result.status} ${error?.code ?? ''}`.trim(),
      );
    this.#trouble.succeeded((seconds) =>
      this.#options.warn(`expo: receipts can be asked for again after ${seconds} s`),
    );
    const receipts = receiptsIn(answer);
    for (const id of ids) {
      const receipt = receipts.get(id);
      // `ok` says that Apple or Google took it, which is not delivered: the push stays as it is.
      if (receipt?.status === 'ok') late.forget([id]);
      else if (receipt?.status === 'error') late.report(id, errorOf(receipt));
    }
  }

  #failed(endpoint: string, why: string): void {
    if (this.#closing.signal.aborted) return;
    const { host } = new URL(endpoint);
    const { warn } = this.#options;
    this.#trouble.failed(() =>
      warn(
        `expo: receipts cannot be asked for at ${host}, late verdicts wait: ${why.split('\n', 1)[0]?.slice(0, 300)}`,
      ),
    );
  }
}
