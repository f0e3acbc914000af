import { setTimeout as pause } from 'node:timers/promises';
import type { ListedPush } from '../../observe/history/history.ts';
import { oneLine } from '../../observe/log/text-line.ts';
import { type RelayApi, type RelayQuery, RelayRefusal } from '../relay/relay-api.ts';
import { tailLines } from './tail-line.ts';

export interface TailTask {
  /** `failed`, `delivered` or `retried`; undefined: failed and delivered. */
  readonly status: string | undefined;
  /** The provider's word. */
  readonly reason: string | undefined;
  /** How many of the past are shown first. */
  readonly past: number;
}

export interface TailOptions {
  readonly task: TailTask;
  readonly app: string | undefined;
  readonly json: boolean;
  readonly api: Pick<RelayApi, 'json'>;
  /** @returns false when there is no one left to read it */
  readonly print: (line: string) => boolean;
  /** For what is no part of the result. */
  readonly note: (line: string) => void;
  /** Ends it. */
  readonly signal: AbortSignal;
  /** Milliseconds between two questions. */
  readonly everyMs?: number;
}

interface TailPage {
  readonly pushes: readonly ListedPush[];
  readonly newer_cursor: string;
}

/** The relay writes its history down once a second. */
const EVERY_MS = 1000;
const PUSHES = '/v1/pushes';
/** The most that one answer has. */
const MOST = 500;

/** Ends when its signal, or the reader, does. Never rejects but for a relay that refuses. */
class Tail {
  readonly #options: TailOptions;
  readonly #query: RelayQuery;
  #isAway = false;

  constructor(options: TailOptions) {
    const { app, task } = options;
    this.#options = options;
    this.#query = { app, status: task.status, reason: task.reason };
  }

  async run(): Promise<void> {
    const { task, api, signal, everyMs = EVERY_MS } = this.#options;
    const first = await api.json<TailPage>(PUSHES, { ...this.#query, limit: Math.max(1, task.past) });
    if (!this.#print(task.past === 0 ? [] : first.pushes.toReversed())) return;
    for (let after = first.newer_cursor; !signal.aborted; ) {
      const page = await this.#next(after);
      if (page && !this.#print(page.pushes)) return;
      after = page?.newer_cursor ?? after;
      if ((page?.pushes.length ?? 0) < MOST) await pause(everyMs, undefined, { signal }).catch(() => {});
    }
  }

  /** Undefined: the relay does not answer just now, as while it is started again. */
  async #next(after: string): Promise<TailPage | undefined> {
    const { api, note } = this.#options;
    try {
      const page = await api.json<TailPage>(PUSHES, { ...this.#query, limit: MOST, after });
      if (this.#isAway) note('the relay answers again');
      this.#isAway = false;
      return page;
    } catch (error) {
      if (!(error instanceof RelayRefusal) || error.status !== undefined) throw error;
      if (!this.#isAway) note(error.message);
      this.#isAway = true;
      return undefined;
    }
  }

  #print(pushes: readonly ListedPush[]): boolean {
    const { json, print } = this.#options;
    return pushes.every((push) =>
      json ? print(JSON.stringify(push)) : tailLines(push).every((line) => print(oneLine(line))),
    );
  }
}

/** `martlet tail`: what becomes of pushes, as it happens. @throws RelayRefusal when the relay refuses, or is not there at first */
export const tail = (options: TailOptions): Promise<void> => new Tail(options).run();
