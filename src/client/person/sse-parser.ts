/** Reads server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream). */

export interface SseMessage {
  /** `message` where the stream names none. */
  readonly event: string;
  readonly data: string;
  /** Of the last line `id:` of the stream; empty: there was none yet. */
  readonly id: string;
}

const LINE_END = /\r\n|\n|\r/g;

export class SseParser {
  readonly #onRetry: (ms: number) => void;
  #rest = '';
  #id = '';
  #event = '';
  #data: string[] = [];
  #isFirst = true;

  /** @param onRetry hears of `retry:` */
  constructor(onRetry: (ms: number) => void = () => {}) {
    this.#onRetry = onRetry;
  }

  /** @param text the next part of the stream, cut anywhere */
  push(text: string): SseMessage[] {
    const all = this.#rest + (this.#isFirst ? text.replace(/^\uFEFF/, '') : text);
    this.#isFirst &&= text === '';
    const messages: SseMessage[] = [];
    let begin = 0;
    for (const { 0: end, index } of all.matchAll(LINE_END)) {
      // The line feed of this carriage return may be in the next part.
      if (end === '\r' && index === all.length - 1) break;
      const message = this.#line(all.slice(begin, index));
      if (message) messages.push(message);
      begin = index + end.length;
    }
    this.#rest = all.slice(begin);
    return messages;
  }

  #line(line: string): SseMessage | undefined {
    if (line === '') return this.#dispatch();
    const colon = line.indexOf(':');
    if (colon === 0) return undefined;
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'data') this.#data.push(value);
    else if (field === 'event') this.#event = value;
    else if (field === 'id' && !value.includes('\0')) this.#id = value;
    else if (field === 'retry' && /^\d+$/.test(value)) this.#onRetry(Number(value));
    return undefined;
  }

  #dispatch(): SseMessage | undefined {
    const message = { event: this.#event || 'message', data: this.#data.join('\n'), id: this.#id };
    const isEmpty = this.#data.length === 0;
    this.#event = '';
    this.#data = [];
    return isEmpty ? undefined : message;
  }
}
