/**
 * Asks Expo what became of accepted pushes: each from `receipts.first` on, with doubling pauses, until Expo has an answer or
 * `receipts.until` is over. What is to be asked is on disk (LateOutcomes), so a restart goes on; several processes share it.
 *
 * States: waiting for the next look → asking, one app after another → waiting; closed.
 */

import type { Dispatcher } from 'undici';
import type { LateOutcomes, PendingReceipt } from '../carrier/late-outcomes.ts';
import { background } from '../kit/background.ts';
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
  /** Milliseconds; default 1,000. */
  readonly lookMs?: number;
}

export class ReceiptPoller {
  readonly #options: ReceiptPollerOptions;
  readonly #closing = new AbortController();
  readonly #timer: NodeJS.Timeout;
  #asking: Promise<void> | undefined;

  constructor(options: ReceiptPollerOptions) {
    this.#options = options;
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
    if (!answer || firstError(answer)) return;
    const receipts = receiptsIn(answer);
    for (const id of ids) {
      const receipt = receipts.get(id);
      // `ok` says that Apple or Google took it, which is not delivered: the push stays as it is.
      if (receipt?.status === 'ok') late.forget([id]);
      else if (receipt?.status === 'error') late.report(id, errorOf(receipt));
    }
  }
}
