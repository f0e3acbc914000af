import type { LogStream } from './sink.ts';

/** Characters that are not held back until the turn ends. */
const ENOUGH = 65_536;

/**
 * Writes what comes within one turn of the event loop in one piece: lines of thousands of pushes cost few system calls, and a
 * crash loses no more than that turn.
 */
export class GatheredStream {
  readonly #stream: LogStream;
  #text = '';
  #turn: NodeJS.Immediate | undefined;

  constructor(stream: LogStream) {
    this.#stream = stream;
  }

  /** By the end of this turn. */
  write(text: string): void {
    this.#text += text;
    if (this.#text.length >= ENOUGH) this.flush();
    else this.#turn ??= setImmediate(() => this.flush());
  }

  /** At once, after what was gathered: for a line that may be the last of the process. */
  writeNow(text: string): void {
    this.#text += text;
    this.flush();
  }

  flush(): void {
    clearImmediate(this.#turn);
    this.#turn = undefined;
    const text = this.#text;
    this.#text = '';
    if (text !== '') this.#stream.write(text);
  }
}
