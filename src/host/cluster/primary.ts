import { background } from '../../kit/background.ts';
import { toError } from '../../kit/errors.ts';
import type { PresenceCall } from '../../streams/presence/presence-call.ts';
import { PresenceHost, type PresenceMember } from '../../streams/presence/presence-host.ts';
import type { ToPrimary, ToWorker } from './messages.ts';
import { SharedTokens } from './shared-tokens.ts';
import { noSnapshot, retire, type Snapshot, type Totals, totalsOf } from './totals.ts';

/** A worker process as the primary sees it. */
export interface WorkerProcess {
  /** @param sent it has left this process, or never will */
  send(message: ToWorker, sent?: () => void): void;
  onMessage(listener: (message: ToPrimary) => void): void;
  onExit(listener: (how: string) => void): void;
}

export interface PrimaryOptions {
  readonly workers: number;
  readonly fork: () => WorkerProcess;
  /** How long it is remembered that a person was connected; default 7 days. */
  readonly rememberMs?: number | undefined;
  readonly tell: (level: 'info' | 'warn' | 'error', message: string) => void;
  /** At the start a worker never became ready: the configuration cannot be served, and the whole must end. */
  readonly onStillborn: () => void;
}

interface Member {
  readonly process: WorkerProcess;
  /** Rejects when it ends before it serves. */
  readonly ready: Promise<string | undefined>;
  readonly gone: Promise<void>;
  readonly presence: PresenceMember;
  last: Snapshot;
  stopping: boolean;
  /** Wake-ups that it has not read: one that stands still is sent no more of them. */
  wakes: number;
}

/** How long a worker may take to tell its figures before its last ones are taken. */
const ANSWER_MS = 500;
/** Pauses before a worker that died is replaced: it may die again at once. */
const REPLACE_MS = [0, 1000, 5000, 15_000];
const CALM_MS = 60_000;
/** On their way to one worker. */
const MOST_WAKES = 64;

/**
 * Keeps a number of workers running that share the port: replaces those that die, restarts them one at a time on request, and
 * adds up what they count. A worker's life: forked → ready → (stopping) → gone.
 */
export class ClusterPrimary {
  readonly #options: PrimaryOptions;
  readonly #members = new Set<Member>();
  readonly #tokens = new SharedTokens();
  readonly #presence: PresenceHost;
  readonly #collecting = new Map<number, { member: Member; done: () => void }>();
  /** What workers that are gone had counted. */
  #retired: Snapshot = noSnapshot;
  #next = 1;
  #deaths: number[] = [];
  #serving = false;
  #closing = false;
  #rolling: Promise<void> | undefined;

  constructor(options: PrimaryOptions) {
    this.#options = options;
    this.#presence = new PresenceHost({ rememberMs: options.rememberMs });
  }

  /** Resolves with the URL when every worker serves. */
  async start(): Promise<string | undefined> {
    const members = Array.from({ length: this.#options.workers }, () => this.#fork());
    const [url] = await Promise.all(members.map((member) => member.ready));
    this.#serving = true;
    return url;
  }

  /**
   * Replaces the workers one at a time, each only when its successor serves; asked again meanwhile, it does it once. A successor
   * that cannot serve (a configuration with a mistake) ends that: those there are go on.
   */
  restart(): Promise<void> {
    this.#rolling ??= this.#roll().finally(() => {
      this.#rolling = undefined;
    });
    return this.#rolling;
  }

  reopen(): void {
    for (const { process } of this.#members) process.send({ type: 'reopen' });
  }

  /** Drains and ends all workers. */
  async close(): Promise<void> {
    this.#closing = true;
    await Promise.all([...this.#members].map((member) => this.#stop(member)));
  }

  async totals(): Promise<Totals> {
    await Promise.all([...this.#members].map((member) => this.#collect(member)));
    return totalsOf([this.#retired, ...[...this.#members].map(({ last }) => last)]);
  }

  async #roll(): Promise<void> {
    for (const old of [...this.#members]) {
      if (this.#closing) return;
      try {
        await this.#fork().ready;
      } catch (error) {
        if (!this.#closing)
          this.#options.tell(
            'error',
            `${toError(error).message}; the workers that there are go on and are not restarted`,
          );
        return;
      }
      await this.#stop(old);
    }
    this.#options.tell('info', 'all workers were restarted');
  }

  #fork(): Member {
    const process = this.#options.fork();
    const ready = Promise.withResolvers<string | undefined>();
    const gone = Promise.withResolvers<void>();
    const member: Member = {
      process,
      ready: ready.promise,
      gone: gone.promise,
      presence: this.#presence.member(),
      last: noSnapshot,
      stopping: false,
      wakes: 0,
    };
    this.#members.add(member);
    ready.promise.catch(() => {});
    let served = false;
    process.onMessage((message) => {
      if (message.type === 'ready') {
        served = true;
        ready.resolve(message.url);
      } else if (message.type === 'snapshot') {
        member.last = message.snapshot;
        this.#collecting.get(message.id)?.done();
      } else if (message.type === 'token?') {
        const token = this.#tokens.agree(message.name, message.offer, message.refused);
        process.send({ type: 'token', id: message.id, token });
      } else if (message.type === 'leaving') process.send({ type: 'left' });
      else if (message.type === 'wake') this.#wake(member, message.text);
      else if (message.type === 'presence') background(this.#answerPresence(member, message.calls));
      else background(this.#answer(member, message.id));
    });
    process.onExit((how) => {
      gone.resolve();
      background(member.presence.gone());
      this.#bury(member, how, served);
      // Ended with all the others, it is not a failure: what waits for it ends, too.
      if (!served && !this.#closing) ready.reject(new Error(`a new worker ended by ${how} before it served`));
    });
    return member;
  }

  async #answer(member: Member, id: number): Promise<void> {
    const totals = await this.totals();
    if (this.#members.has(member)) member.process.send({ type: 'totals', id, totals });
  }

  async #answerPresence({ presence, process }: Member, calls: readonly PresenceCall[]): Promise<void> {
    process.send({ type: 'presence', answers: await presence.hear(calls) });
  }

  #wake(from: Member, text: string): void {
    for (const member of this.#members) {
      if (member === from || member.wakes >= MOST_WAKES) continue;
      member.wakes++;
      member.process.send({ type: 'wake', text }, () => member.wakes--);
    }
  }

  #collect(member: Member): Promise<void> {
    return new Promise((resolve) => {
      const id = this.#next++;
      const done = (): void => {
        clearTimeout(timer);
        this.#collecting.delete(id);
        resolve();
      };
      const timer = setTimeout(done, ANSWER_MS);
      this.#collecting.set(id, { member, done });
      member.process.send({ type: 'snapshot?', id });
    });
  }

  async #stop(member: Member): Promise<void> {
    member.stopping = true;
    member.process.send({ type: 'stop' });
    await member.gone;
  }

  #bury(member: Member, how: string, served: boolean): void {
    for (const { member: of, done } of this.#collecting.values()) if (of === member) done();
    this.#members.delete(member);
    this.#retired = retire(this.#retired, member.last);
    if (member.stopping || this.#closing) return;
    if (served)
      this.#replace(`a worker ended by ${how}; its queue file is taken over by the others, and it is replaced`);
    else if (!this.#serving) this.#options.onStillborn();
  }

  /** Tries until it succeeds: what is wrong may be mended, and the others serve meanwhile. */
  #replace(why: string): void {
    const now = performance.now();
    this.#deaths = [...this.#deaths.filter((at) => at > now - CALM_MS), now];
    const pause = REPLACE_MS[Math.min(this.#deaths.length, REPLACE_MS.length) - 1] as number;
    this.#options.tell('error', why);
    setTimeout(() => {
      if (!this.#closing) this.#fork().ready.catch((error) => this.#again(toError(error).message));
    }, pause);
  }

  #again(why: string): void {
    if (!this.#closing) this.#replace(`${why}; another one is tried`);
  }
}
