import { onTestFinished } from 'vitest';
import { eventually } from '../../../support/eventually.ts';

export interface Frame {
  readonly id?: string;
  readonly event?: string;
  readonly data?: string;
  readonly retry?: string;
}

/** A frame of a stream, without the comments in it. */
function frameOf(text: string): Frame {
  const fields: Record<string, string> = {};
  for (const line of text.split('\n')) {
    const [, name = '', value = ''] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? [];
    if (name !== '') fields[name] = name in fields ? `${fields[name]}\n${value}` : value;
  }
  return fields;
}

/** A stream that is read as it comes. */
export class SseClient {
  readonly response: Response;
  readonly frames: Frame[] = [];
  /** All of it, as it came. */
  text = '';
  isOver = false;
  readonly #abort: AbortController;

  constructor(response: Response, abort: AbortController) {
    this.response = response;
    this.#abort = abort;
    this.#read().catch(() => {
      this.isOver = true;
    });
  }

  /** Events, without those that the stream says itself. */
  get events(): Frame[] {
    return this.frames.filter(({ id, data }) => id !== undefined && data !== undefined);
  }

  // biome-ignore lint/suspicious/noExplicitAny: what it holds is what the test is about
  get payloads(): any[] {
    return this.events.map(({ data }) => JSON.parse(data as string).payload);
  }

  get ids(): string[] {
    return this.events.map(({ id }) => id as string);
  }

  has(count: number): Promise<void> {
    return eventually(() => {
      if (this.events.length < count)
        throw new Error(`${this.events.length} of ${count} events: ${this.text.slice(-200)}`);
    });
  }

  over(): Promise<void> {
    return eventually(() => {
      if (!this.isOver) throw new Error('the stream is open');
    });
  }

  close(): void {
    this.#abort.abort();
  }

  async #read(): Promise<void> {
    let rest = '';
    const decoder = new TextDecoder();
    for await (const chunk of this.response.body as ReadableStream<Uint8Array>) {
      const text = decoder.decode(chunk, { stream: true });
      this.text += text;
      const parts = (rest + text).split('\n\n');
      rest = parts.pop() as string;
      this.frames.push(...parts.map(frameOf).filter((frame) => Object.keys(frame).length > 0));
    }
    this.isOver = true;
  }
}

/** Opens a stream; the test's end closes it. */
export async function openSse(url: string, headers: Readonly<Record<string, string>> = {}): Promise<SseClient> {
  const abort = new AbortController();
  const client = new SseClient(await fetch(url, { headers, signal: abort.signal }), abort);
  onTestFinished(() => client.close());
  return client;
}
