import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, request } from 'undici';

export interface PostedPush {
  readonly target: string;
  readonly index: number;
}

export interface Answered {
  readonly status: number;
  readonly ms: number;
  readonly retryAfter: number | undefined;
}

/** A back end that posts pushes, and remembers which of them the relay said it had accepted. */
export class Client {
  /** Numbers of targets whose request was answered 200. */
  readonly accepted = new Set<number>();
  /** Numbers of targets that were refused with 503. */
  readonly refused = new Set<number>();
  /** Numbers of targets whose request had no answer: they may or may not have been taken. */
  readonly unknown = new Set<number>();
  readonly answers: Answered[] = [];
  readonly #url: string;
  readonly #agent: Agent;

  constructor(url: string, connections = 64) {
    this.#url = `${url}/api/push`;
    this.#agent = new Agent({ connections, pipelining: 1, headersTimeout: 30_000 });
  }

  /** Posts one request; each list becomes one notification of this platform (1 iOS, 2 Android). */
  async post(lists: readonly (readonly PostedPush[])[], platform = 1, more: object = {}): Promise<number> {
    const notifications = lists.map((list) => ({
      platform,
      tokens: list.map((push) => push.target),
      message: 'chaos',
      ...more,
    }));
    if (platform === 1) for (const notification of notifications) Object.assign(notification, { topic: 'com.example' });
    const places = lists.flat().map((push) => push.index);
    const begun = performance.now();
    try {
      const { statusCode, headers, body } = await request(this.#url, {
        method: 'POST',
        body: JSON.stringify({ notifications }),
        headers: { 'content-type': 'application/json' },
        dispatcher: this.#agent,
      });
      await body.dump();
      const retryAfter = headers['retry-after'] === undefined ? undefined : Number(headers['retry-after']);
      this.answers.push({ status: statusCode, ms: performance.now() - begun, retryAfter });
      const book = statusCode === 200 ? this.accepted : statusCode === 503 ? this.refused : undefined;
      for (const place of places) book?.add(place);
      if (statusCode === 200) for (const place of places) this.refused.delete(place);
      return statusCode;
    } catch {
      for (const place of places) this.unknown.add(place);
      return 0;
    }
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }
}

/** Calls `send` about `perSecond` times a second, evenly, with at most `concurrency` under way, until it has done so `count` times. */
export async function atRate(
  count: number,
  perSecond: number,
  send: (turn: number) => Promise<unknown>,
  concurrency = 64,
): Promise<void> {
  const begun = performance.now();
  const underWay = new Set<Promise<unknown>>();
  for (let turn = 0; turn < count; turn++) {
    const due = begun + (turn * 1000) / perSecond;
    const wait = due - performance.now();
    if (wait > 1) await sleep(wait);
    while (underWay.size >= concurrency) await Promise.race(underWay);
    const sent: Promise<unknown> = send(turn).finally(() => underWay.delete(sent));
    underWay.add(sent);
  }
  await Promise.all(underWay);
}
