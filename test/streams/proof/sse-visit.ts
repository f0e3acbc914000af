/** One connection of a hostile reader: server-sent events on a bare request, ended in one of several ways. */
import { type ClientRequest, get, type IncomingMessage } from 'node:http';
import type { ReaderLog } from './reader-log.ts';

/** How a connection ends, once so many events have come on it. */
export interface VisitPlan {
  readonly url: string;
  /** By header, else by query. */
  readonly isByHeader: boolean;
  readonly events: number;
  /** `leave`: closes it; `kill`: resets it in the middle of what comes; `stall`: takes nothing for so many milliseconds, then as many events again; `stay`: until the other end ends it. */
  readonly end: 'leave' | 'kill' | 'stall' | 'stay';
  readonly stallMs: number;
}

export type VisitEnd = VisitPlan['end'] | 'refused' | 'lost';

interface Frame {
  readonly id: string;
  readonly event: string;
  readonly data: string;
}

function frameOf(text: string): Frame {
  const frame = { id: '', event: '', data: '' };
  for (const line of text.split('\n'))
    for (const name of ['id', 'event', 'data'] as const)
      if (line.startsWith(`${name}: `)) frame[name] = line.slice(name.length + 2);
  return frame;
}

export class SseVisit {
  readonly #plan: VisitPlan;
  readonly #log: ReaderLog;
  readonly #over = Promise.withResolvers<VisitEnd>();
  #request: ClientRequest | undefined;
  #rest = '';
  #came = 0;
  #hasStalled = false;
  #isOver = false;

  constructor(plan: VisitPlan, log: ReaderLog) {
    this.#plan = plan;
    this.#log = log;
  }

  /** @returns how it ended */
  run(): Promise<VisitEnd> {
    const { url, isByHeader } = this.#plan;
    const after = this.#log.last || 'earliest';
    const [at, headers] = isByHeader ? [url, { 'last-event-id': after }] : [`${url}?last_event_id=${after}`, {}];
    this.#request = get(at, { agent: false, headers }, (response) => this.#begin(response));
    this.#request.on('error', () => this.#end('lost'));
    return this.#over.promise;
  }

  /** It is not needed any more. */
  stop(): void {
    this.#end('leave');
  }

  #end(how: VisitEnd): void {
    this.#isOver = true;
    if (how === 'kill') this.#request?.socket?.resetAndDestroy();
    this.#request?.destroy();
    this.#over.resolve(how);
  }

  #begin(response: IncomingMessage): void {
    for (const event of ['error', 'close', 'end'] as const) response.on(event, () => this.#end('lost'));
    if (response.statusCode !== 200) {
      this.#end('refused');
      return;
    }
    response.setEncoding('utf8');
    response.on('data', (text: string) => this.#read(response, text));
  }

  #read(response: IncomingMessage, text: string): void {
    const parts = (this.#rest + text).split('\n\n');
    this.#rest = parts.pop() as string;
    for (const part of parts) {
      if (this.#isOver) return;
      this.#frame(response, frameOf(part));
    }
  }

  #frame(response: IncomingMessage, { id, event, data }: Frame): void {
    if (event === 'reset') this.#log.reset(JSON.parse(data));
    if (id === '') return;
    this.#log.take(id, (JSON.parse(data) as { payload: { name: string } }).payload.name);
    const { events, end, stallMs } = this.#plan;
    if (++this.#came < events || end === 'stay') return;
    if (end !== 'stall' || this.#hasStalled) {
      this.#end(end);
      return;
    }
    this.#hasStalled = true;
    this.#came = 0;
    response.pause();
    setTimeout(() => response.resume(), stallMs);
  }
}
