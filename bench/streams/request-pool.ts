import { connect, type Socket } from 'node:net';
import { answerIn } from '../hub/http-load.ts';
import type { PublishRequest } from './stream-requests.ts';

interface Waiting {
  readonly text: string;
  readonly done: (ok: boolean) => void;
}

/** Kept connections, each with one request in flight. */
export class RequestPool {
  readonly #port: number;
  readonly #idle: Socket[] = [];
  readonly #all: Socket[];
  readonly #waiting: Waiting[] = [];
  /** Of one request that failed. */
  failure: string | undefined;

  constructor(port: number, connections: number) {
    this.#port = port;
    this.#all = Array.from({ length: connections }, () => connect(port, '127.0.0.1').setNoDelay());
    // One that is idle may be ended by the server.
    for (const socket of this.#all) socket.on('error', () => {});
    this.#idle.push(...this.#all);
  }

  /** @returns whether it was answered with 2xx */
  send(request: PublishRequest): Promise<boolean> {
    return new Promise((done) => {
      this.#waiting.push({ text: this.#textOf(request), done });
      this.#next();
    });
  }

  close(): void {
    for (const socket of this.#all) socket.destroy();
  }

  #textOf({ path, type, body, authorization }: PublishRequest): string {
    const right = authorization === undefined ? '' : `Authorization: ${authorization}\r\n`;
    const head = `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1:${this.#port}\r\nContent-Type: ${type}\r\n${right}`;
    return `${head}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
  }

  #next(): void {
    while (this.#idle.length > 0 && this.#waiting.length > 0)
      this.#run(this.#idle.pop() as Socket, this.#waiting.shift() as Waiting);
  }

  #run(socket: Socket, { text, done }: Waiting): void {
    let rest: Buffer = Buffer.alloc(0);
    const lost = (): void => over(false);
    const heard = (chunk: Buffer): void => {
      rest = Buffer.concat([rest, chunk]);
      const answer = answerIn(rest);
      if (answer) over(answer.ok);
    };
    const over = (ok: boolean): void => {
      socket.off('data', heard);
      socket.off('error', lost);
      if (ok || rest.length > 0) this.#idle.push(socket);
      if (!ok) this.failure ??= rest.toString().slice(0, 300) || 'a connection was lost';
      done(ok);
      this.#next();
    };
    socket.on('error', lost);
    socket.on('data', heard);
    socket.write(text);
  }
}
