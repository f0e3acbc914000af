import { RefusedError } from '../../refusal.ts';
import { againHeaders, errorOf, JSON_TYPE } from '../answer.ts';
import type { DirectAnswer } from './direct-route.ts';

const linesOf = (headers: Readonly<Record<string, string>>): string =>
  Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('');

/** Answers of JSON, as `sendJson` and `sendRefused` give them. */
export class DirectAnswers {
  readonly #common: string;
  readonly #onError: (error: unknown) => void;

  /** @param headers those of every answer. @param onError hears of what is no refusal */
  constructor(headers: Readonly<Record<string, string>>, onError: (error: unknown) => void) {
    this.#common = linesOf(headers);
    this.#onError = onError;
  }

  json(status: number, body: string, headers: Readonly<Record<string, string>> = {}): DirectAnswer {
    const size = Buffer.byteLength(body);
    const head = `${this.#common}${linesOf(headers)}Content-Type: ${JSON_TYPE}\r\nContent-Length: ${size}\r\n`;
    return { status, head, body };
  }

  refused(error: unknown): DirectAnswer {
    const isRefused = error instanceof RefusedError;
    if (!isRefused) this.#onError(error);
    const { status, body } = isRefused
      ? errorOf(error.kind, error.message, error.details)
      : errorOf('internal', 'Internal Server Error');
    return this.json(status, JSON.stringify(body), isRefused ? againHeaders(error) : {});
  }
}
