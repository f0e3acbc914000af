import pg from 'pg';
import { background } from '../../../kit/background.ts';
import { cutOff } from './postgres-client.ts';
import { readableTrouble } from './postgres-trouble.ts';

export interface PostgresProbeOptions {
  readonly url: string;
  /** When the server last answered anything else, `performance.now()`. */
  readonly answeredAt: () => number;
  /** Called when it turns out to be away, with the cause, and when it is back. */
  readonly changed: (trouble: string | undefined) => void;
  /** Milliseconds between two questions, and for an answer; default 2,000 and 4,000. */
  readonly everyMs?: number;
  readonly limitMs?: number;
}

const EVERY_MS = 2000;
const LIMIT_MS = 4000;

/**
 * Asks the server whether it is there, on a connection of its own: a server that stands still, or a network that swallows packets, answers
 * nothing, and whatever waits for it would hang. States: well → away (a question was not answered, and nothing else was since it was
 * asked) → well.
 */
export class PostgresProbe {
  readonly #options: PostgresProbeOptions;
  #timer: NodeJS.Timeout | undefined;
  #client: pg.Client | undefined;
  #isAsking = false;
  #isAway = false;
  #isClosed = false;

  constructor(options: PostgresProbeOptions) {
    this.#options = options;
  }

  start(): void {
    const { everyMs = EVERY_MS } = this.#options;
    this.#timer ??= setInterval(() => background(this.#ask()), everyMs).unref();
  }

  close(): void {
    this.#isClosed = true;
    clearInterval(this.#timer);
    this.#forget();
  }

  /** Asks now. @returns what is in the way; undefined: it is there */
  now(): Promise<string | undefined> {
    return this.#trouble();
  }

  async #ask(): Promise<void> {
    if (this.#isAsking) return;
    this.#isAsking = true;
    const { answeredAt, changed } = this.#options;
    const begun = performance.now();
    const trouble = await this.#trouble();
    this.#isAsking = false;
    const isAway = trouble !== undefined && answeredAt() < begun;
    if (this.#isClosed || isAway === this.#isAway) return;
    this.#isAway = isAway;
    changed(isAway ? trouble : undefined);
  }

  /** What is in the way. A connection that was ended meanwhile says nothing: a new one is asked. */
  async #trouble(): Promise<string | undefined> {
    const isUsed = this.#client !== undefined;
    try {
      await this.#question();
      return undefined;
    } catch (error) {
      this.#forget();
      if (isUsed && !(error instanceof NoAnswer)) return this.#trouble();
      return error instanceof NoAnswer ? `hub.postgres: ${error.message}` : (readableTrouble(error) as Error).message;
    }
  }

  async #question(): Promise<void> {
    const { limitMs = LIMIT_MS } = this.#options;
    const client = this.#client ?? this.#connect();
    await answered(limitMs, async () => {
      if (client !== this.#client) await client.connect();
      this.#client = client;
      await client.query('SELECT 1');
    }).catch((error: unknown) => {
      cutOff(client);
      throw error;
    });
  }

  #connect(): pg.Client {
    const client = new pg.Client({ connectionString: this.#options.url, application_name: 'martlet', keepAlive: true });
    // Its end is seen by the next question.
    client.on('error', () => undefined);
    return client;
  }

  #forget(): void {
    if (this.#client) cutOff(this.#client);
    this.#client = undefined;
  }
}

class NoAnswer extends Error {
  constructor(ms: number) {
    super(`no answer within ${ms / 1000} s`);
  }
}

/** Like `within`, but after a turn in which nothing ran an answer that is there already is read before it is given up. */
async function answered(ms: number, ask: () => Promise<void>): Promise<void> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => setImmediate(() => setImmediate(() => late.reject(new NoAnswer(ms)))), ms);
  try {
    await Promise.race([ask(), late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
