import { connect, type Socket } from 'node:net';
import { hostname } from 'node:os';
import { toError } from '../../kit/errors.ts';
import type { Address } from '../../kit/net/addresses.ts';
import {
  command,
  FRAME,
  messageList,
  type NsqFrame,
  NsqFrameReader,
  type NsqMessage,
  readMessage,
} from './nsq-frames.ts';

export interface NsqConnectionOptions {
  readonly address: Address;
  /** Milliseconds after which nsqd takes a message back that was not touched. */
  readonly messageTimeoutMs: number;
  readonly onMessage: (message: NsqMessage) => void;
  /** Told once, after `open` has resolved. */
  readonly onClose: (error: Error) => void;
}

/** What nsqd allows, as it answers IDENTIFY. */
export interface NsqLimits {
  readonly max_rdy_count: number;
  /** Milliseconds. */
  readonly msg_timeout: number;
  readonly max_msg_timeout: number;
}

const CONNECT_MS = 2000;
const HEARTBEAT_MS = 2000;
/** Without a heartbeat for so long the connection is dead. */
const SILENT_MS = 3 * HEARTBEAT_MS;

interface Waiting {
  resolve(answer: string): void;
  reject(error: Error): void;
}

/**
 * A connection to one nsqd, for publishing or for one subscription (https://nsq.io/clients/tcp_protocol_spec.html).
 * Closed by the first fatal error; the owner opens another.
 */
export class NsqConnection {
  readonly #options: NsqConnectionOptions;
  readonly #reader = new NsqFrameReader();
  /** Commands that nsqd answers, in the order in which it does. */
  readonly #waiting: Waiting[] = [];
  #socket: Socket | undefined;
  #silence: NodeJS.Timeout | undefined;
  #opened = false;
  #closed = false;

  constructor(options: NsqConnectionOptions) {
    this.#options = options;
  }

  /** @throws when nsqd cannot be reached or does not speak its protocol. */
  async open(): Promise<NsqLimits> {
    const { address, messageTimeoutMs } = this.#options;
    const socket = connect({ ...address, noDelay: true });
    this.#socket = socket;
    this.#silence = setTimeout(() => this.#fail(new Error('nsqd does not answer')), CONNECT_MS);
    this.#silence.unref();
    socket.on('error', (error) => this.#fail(error));
    socket.on('close', () => this.#fail(new Error('connection lost')));
    socket.on('data', (chunk: Buffer) => this.#read(chunk));
    socket.write('  V2');
    const identity = {
      client_id: `martlet-${process.pid}`,
      hostname: hostname(),
      user_agent: 'martlet',
      feature_negotiation: true,
      heartbeat_interval: HEARTBEAT_MS,
      msg_timeout: messageTimeoutMs,
      output_buffer_timeout: 25,
    };
    const answer = await this.#ask(command('IDENTIFY', Buffer.from(JSON.stringify(identity))));
    this.#opened = true;
    return JSON.parse(answer) as NsqLimits;
  }

  async subscribe(topic: string, channel: string): Promise<void> {
    await this.#ask(command(`SUB ${topic} ${channel}`));
  }

  /** Resolves when nsqd will send no more messages on this connection; those that it has sent can still be finished. */
  async unsubscribe(): Promise<void> {
    await this.#ask(command('CLS'));
  }

  /** All or none. Resolves when nsqd has them. */
  async publish(topic: string, bodies: readonly Uint8Array[]): Promise<void> {
    const [only] = bodies;
    await this.#ask(
      bodies.length === 1 && only ? command(`PUB ${topic}`, only) : command(`MPUB ${topic}`, messageList(bodies)),
    );
  }

  /** One that is handed over after a pause. */
  async publishLater(topic: string, body: Uint8Array, pauseMs: number): Promise<void> {
    await this.#ask(command(`DPUB ${topic} ${pauseMs}`, body));
  }

  /** Messages that may be under way on this connection. */
  ready(count: number): void {
    this.#write(command(`RDY ${count}`));
  }

  finish(id: string): void {
    this.#write(command(`FIN ${id}`));
  }

  touch(id: string): void {
    this.#write(command(`TOUCH ${id}`));
  }

  /** Resolves when everything written has left the process. */
  close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#silence);
    const socket = this.#socket;
    if (!socket || socket.destroyed) return Promise.resolve();
    return new Promise((resolve) => {
      socket.once('close', () => resolve());
      socket.end(() => socket.destroySoon());
      setTimeout(() => socket.destroy(), 500).unref();
    });
  }

  #write(bytes: Buffer): void {
    if (!this.#closed) this.#socket?.write(bytes);
  }

  #ask(bytes: Buffer): Promise<string> {
    if (this.#closed) return Promise.reject(new Error('connection lost'));
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#write(bytes);
    });
  }

  #read(chunk: Buffer): void {
    this.#silence?.refresh();
    try {
      for (const frame of this.#reader.push(chunk)) this.#take(frame);
    } catch (error) {
      this.#fail(toError(error));
    }
  }

  #take({ type, data }: NsqFrame): void {
    if (type === FRAME.message) {
      this.#options.onMessage(readMessage(data));
      return;
    }
    const text = data.toString();
    if (type === FRAME.error) {
      this.#refused(text);
    } else if (text === '_heartbeat_') {
      this.#write(command('NOP'));
    } else {
      if (!this.#opened) this.#expectHeartbeats();
      this.#waiting.shift()?.resolve(text);
    }
  }

  #refused(text: string): void {
    // FIN and TOUCH of a message that nsqd took back: it comes again. Their answers are ignored.
    if (/^E_(FIN|TOUCH)_FAILED/.test(text)) return;
    const error = new Error(`nsqd refuses: ${text}`);
    this.#waiting.shift()?.reject(error);
    // nsqd closes the connection after all others but these.
    if (!/^E_[MD]?PUB_FAILED/.test(text)) this.#fail(error);
  }

  #expectHeartbeats(): void {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => this.#fail(new Error('nsqd does not answer')), SILENT_MS);
    this.#silence.unref();
  }

  #fail(error: Error): void {
    clearTimeout(this.#silence);
    for (const waiting of this.#waiting.splice(0)) waiting.reject(error);
    this.#socket?.destroy();
    if (this.#closed) return;
    this.#closed = true;
    if (this.#opened) this.#options.onClose(error);
  }
}
