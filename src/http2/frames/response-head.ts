import type { HeaderSink } from '../hpack/hpack-decoder.ts';
import type { ResponseHeaders } from '../http2-pool.ts';

/** An object without inherited properties that V8 still treats as one with a fixed shape (unlike `Object.create(null)`). */
const HeaderBag = function HeaderBag() {} as unknown as { new (): Record<string, string>; prototype: unknown };
HeaderBag.prototype = Object.create(null);

/** Fields of HTTP/1 connections make an HTTP/2 message malformed (RFC 9113 section 8.2.2). */
const connectionFields = new Set(['connection', 'proxy-connection', 'keep-alive', 'transfer-encoding', 'upgrade']);

const upperCase = /[A-Z]/;

/** Collects one block of response headers or trailers, and checks the rules of RFC 9113 section 8. */
export class ResponseHead implements HeaderSink {
  /** 0 without `:status`. */
  status = 0;
  headers: ResponseHeaders = new HeaderBag();
  malformed = false;

  #fields: Record<string, string> = new HeaderBag();
  #regular = false;

  reset(): void {
    this.status = 0;
    this.#fields = new HeaderBag();
    this.headers = this.#fields;
    this.malformed = false;
    this.#regular = false;
  }

  onHeader(name: string, value: string): void {
    if (name.charCodeAt(0) === 0x3a /* : */) {
      this.#pseudo(name, value);
      return;
    }
    this.#regular = true;
    const fields = this.#fields;
    const before = fields[name];
    if (before === undefined) {
      if (name === '' || connectionFields.has(name) || upperCase.test(name)) this.malformed = true;
      fields[name] = value;
    } else {
      fields[name] = `${before}, ${value}`;
    }
  }

  #pseudo(name: string, value: string): void {
    if (name !== ':status' || this.status !== 0 || this.#regular || !/^[1-9]\d\d$/.test(value)) this.malformed = true;
    else this.status = Number(value);
  }
}
