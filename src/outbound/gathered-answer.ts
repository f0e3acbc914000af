import type { ResponseHeaders } from '../http2/http2-pool.ts';

/** An answer over HTTP/1.1 as it comes in, up to a size. */
export class GatheredAnswer {
  status = 0;
  headers: ResponseHeaders = {};
  readonly #most: number;
  readonly #chunks: Buffer[] = [];
  #size = 0;

  /** @param most bytes of its body */
  constructor(most: number) {
    this.#most = most;
  }

  begin(status: number, headers: Readonly<Record<string, string | string[] | undefined>>): void {
    this.status = status;
    this.headers = Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : (value ?? '')]),
    );
  }

  /** @returns false when it is too large */
  add(chunk: Buffer): boolean {
    this.#size += chunk.length;
    if (this.#size > this.#most) return false;
    this.#chunks.push(chunk);
    return true;
  }

  body(): Buffer {
    return Buffer.concat(this.#chunks);
  }
}
