import PQueue from 'p-queue';
import type { Dispatcher } from 'undici';
import { background } from '../kit/background.ts';
import type {
  Category,
  Delivery,
  Failed,
  JsonObject,
  Outcome,
  PushTransport,
  Settle,
  TransportStatus,
} from '../push/push.ts';
import { answerIn, firstError, projectsIn, ticketsIn } from './answer.ts';
import { askExpo } from './client.ts';
import { expoMessage, isExpoToken } from './payload.ts';
import { errorOf, expoFailure, expoFault, requestError } from './reasons.ts';

export interface ExpoTransportOptions {
  readonly dispatcher: Dispatcher;
  readonly endpoint: string;
  readonly accessToken: string;
  readonly requestTimeoutMs: number;
  /** Milliseconds until a push is asked about, and until asking is given up. */
  readonly receipts: { readonly firstMs: number; readonly untilMs: number };
  /** UNIX milliseconds; default `Date.now`. */
  readonly now?: () => number;
}

/** Expo: recipients of one request. */
const MOST_TOKENS = 100;
/** After a request without an answer, which Expo may have taken in part, fewer at a time may get a push twice. */
const AGAIN = 20;
/** Requests under way at a time, as Expo's own client. */
const REQUESTS = 6;

const INVALID_TOKEN = expoFailure('InvalidToken', 'not an Expo push token');
const CLOSED = expoFailure('NotSent', 'the transport is closed');
const BAD_ANSWER = expoFailure('InvalidAnswer', 'the answer has not one ticket for each token');
/** Categories that speak of Expo or of us, and not of one push. */
const TROUBLES: ReadonlySet<Category> = new Set(['unavailable', 'not_sent', 'unanswered', 'credential']);

/** Part of a delivery: what one request carries. */
interface Chunk {
  readonly message: JsonObject;
  readonly targets: readonly string[];
  readonly indexes: readonly number[];
  readonly settle: Settle;
}

/** Expo's push service for one project. A chunk is: waiting for one of six requests → under way → settled by its tickets. */
export class ExpoTransport implements PushTransport {
  readonly #options: ExpoTransportOptions;
  readonly #now: () => number;
  readonly #closing = new AbortController();
  readonly #requests = new PQueue({ concurrency: REQUESTS });
  #inFlight = 0;
  #lastSuccessAt: number | undefined;
  #trouble: Failed | undefined;

  constructor(options: ExpoTransportOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  send({ notification, targets, attempt }: Delivery, settle: Settle): void {
    const message = expoMessage(notification);
    const good: number[] = [];
    for (const [index, target] of targets.entries()) {
      if (isExpoToken(target)) good.push(index);
      else settle(index, INVALID_TOKEN);
    }
    const size = attempt > 0 ? AGAIN : MOST_TOKENS;
    for (let from = 0; from < good.length; from += size) {
      const indexes = good.slice(from, from + size);
      const chunk = { message, indexes, targets: indexes.map((index) => targets[index] as string), settle };
      this.#inFlight += indexes.length;
      background(this.#requests.add(() => this.#carry(chunk)));
    }
  }

  status(): TransportStatus {
    const trouble = this.#trouble;
    return {
      status: trouble === undefined ? 'pass' : trouble.category === 'credential' ? 'fail' : 'warn',
      ...(trouble ? { output: trouble.error } : {}),
      sessions: this.#requests.pending,
      inFlight: this.#inFlight,
      capacity: REQUESTS * MOST_TOKENS,
      ...(this.#lastSuccessAt === undefined ? {} : { lastSuccessAt: this.#lastSuccessAt }),
    };
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#requests.onIdle();
  }

  async #carry(chunk: Chunk): Promise<void> {
    if (this.#closing.signal.aborted) return this.#settle(chunk, () => CLOSED);
    const { requestTimeoutMs: timeoutMs } = this.#options;
    const body = [{ ...chunk.message, to: chunk.targets }];
    const result = await askExpo('send', body, { ...this.#options, timeoutMs, signal: this.#closing.signal });
    if ('fault' in result) return this.#refuse(chunk, expoFault(result.fault));
    const answer = answerIn(result.body);
    const error = answer && firstError(answer);
    if (error?.code === 'PUSH_TOO_MANY_EXPERIENCE_IDS' && (await this.#split(chunk, error.details))) return;
    if (error || !answer || result.status !== 200) {
      return this.#refuse(chunk, requestError(result, error?.code ?? '', this.#now));
    }
    const tickets = ticketsIn(answer, chunk.targets.length);
    if (!tickets) return this.#refuse(chunk, BAD_ANSWER);
    this.#trouble = undefined;
    this.#settle(chunk, (place) => this.#ticket(tickets[place] as JsonObject));
  }

  /** Sends again by project; false when the answer does not part the tokens. What it does not name goes alone. */
  async #split(chunk: Chunk, details: unknown): Promise<boolean> {
    const projects = projectsIn(details);
    if (!projects) return false;
    const projectOf = (place: number) => projects.findIndex((tokens) => tokens.has(chunk.targets[place] as string));
    const parts = [...Map.groupBy(chunk.indexes.keys(), projectOf).values()];
    if (parts.length < 2) return false;
    for (const places of parts) {
      await this.#carry({
        ...chunk,
        indexes: places.map((place) => chunk.indexes[place] as number),
        targets: places.map((place) => chunk.targets[place] as string),
      });
    }
    return true;
  }

  #ticket(ticket: JsonObject): Outcome {
    if (ticket.status !== 'ok') return errorOf(ticket);
    const now = this.#now();
    this.#lastSuccessAt = now;
    const { firstMs, untilMs } = this.#options.receipts;
    if (typeof ticket.id !== 'string' || ticket.id === '') return { kind: 'accepted' };
    return {
      kind: 'accepted',
      providerId: ticket.id.slice(0, 100),
      receipt: { askAt: now + firstMs, until: now + untilMs },
    };
  }

  #refuse(chunk: Chunk, failed: Failed): void {
    this.#trouble = TROUBLES.has(failed.category) ? failed : undefined;
    this.#settle(chunk, () => failed);
  }

  #settle({ indexes, settle }: Chunk, outcomeOf: (place: number) => Outcome): void {
    this.#inFlight -= indexes.length;
    for (const [place, index] of indexes.entries()) settle(index, outcomeOf(place));
  }
}
