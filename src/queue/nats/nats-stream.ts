import { randomUUID } from 'node:crypto';
import {
  AckPolicy,
  type Consumer,
  DiscardPolicy,
  type JetStreamClient,
  type JetStreamManager,
  jetstream,
  jetstreamManager,
  RetentionPolicy,
  StorageType,
} from '@nats-io/jetstream';
import { headers, millis, type NatsConnection, nanos } from '@nats-io/transport-node';
import type { Backlog } from '../broker/broker.ts';

export interface NatsNames {
  /** Gorush's subject; the queue's own are below it. */
  readonly subj: string;
  /** The durable consumer that all instances share. */
  readonly queue: string;
  readonly replicas: number;
  /** Least time that the server waits for a word about a message, before it hands it out again. */
  readonly leaseMs: number;
  /** How long the server has to answer, milliseconds; default: a second. */
  readonly answerMs?: number | undefined;
}

const ANSWER_MS = 1000;
/** The server's limit for one atomic batch. */
const MOST_IN_BATCH = 1000;
/** Progress that was not deleted expires after a day. */
const PROGRESS_MS = 86_400_000;
/** "stream name already in use with a different configuration" and "consumer already exists". */
const IN_USE = new Set([10_058, 10_148, 10_105, 10_013]);

/** What the server stores for the queue: a work queue, and beside it the last progress of each message. */
export class NatsStream {
  readonly subject: string;
  readonly #names: NatsNames;
  readonly #answerMs: number;
  readonly #stream: string;
  readonly #progressStream: string;
  readonly #durable: string;
  #nc: NatsConnection | undefined;
  #js: JetStreamClient | undefined;
  #jsm: JetStreamManager | undefined;
  #atomic = false;
  /** Made, or being made. */
  #asideStream: Promise<void> | undefined;

  constructor(names: NatsNames) {
    this.#names = names;
    this.#answerMs = names.answerMs ?? ANSWER_MS;
    this.subject = `${names.subj}.martlet`;
    // Names of streams and consumers take no dots, wildcards or spaces.
    this.#stream = `${names.subj}-martlet`.replaceAll(/[.*>\s/\\]/g, '_');
    this.#progressStream = `${this.#stream}-progress`;
    this.#durable = names.queue.replaceAll(/[.*>\s/\\]/g, '_');
  }

  /** Makes the streams and the consumer where they are missing. @throws when JetStream is off or refuses. */
  async ensure(nc: NatsConnection): Promise<void> {
    this.#nc = nc;
    this.#jsm = await jetstreamManager(nc, { timeout: this.#answerMs });
    this.#js = jetstream(nc, { timeout: this.#answerMs });
    const { replicas } = this.#names;
    const [major = 0, minor = 0] = (nc.info?.version ?? '').split('.').map(Number);
    const modern = major > 2 || (major === 2 && minor >= 12);
    await this.#ensureStream({
      name: this.#stream,
      subjects: [this.subject],
      retention: RetentionPolicy.Workqueue,
      discard: DiscardPolicy.New,
      storage: StorageType.File,
      num_replicas: replicas,
      ...(modern ? { allow_atomic: true } : {}),
    });
    await this.#ensureStream({
      name: this.#progressStream,
      subjects: [`${this.subject}.progress.*`],
      max_msgs_per_subject: 1,
      max_age: nanos(PROGRESS_MS),
      storage: StorageType.File,
      num_replicas: replicas,
      allow_direct: true,
    });
    const { config } = await this.#jsm.streams.info(this.#stream);
    this.#atomic = config.allow_atomic === true;
    await this.#ensureConsumer();
  }

  /** How long the server waits for a word about a message, milliseconds. */
  async ackWaitMs(): Promise<number> {
    const info = await this.#jsm?.consumers.info(this.#stream, this.#durable);
    return millis(info?.config.ack_wait ?? 0);
  }

  async setAckWait(ms: number): Promise<void> {
    await this.#jsm?.consumers.update(this.#stream, this.#durable, { ack_wait: nanos(ms) });
  }

  consumer(): Promise<Consumer> {
    return this.#client().consumers.get(this.#stream, this.#durable);
  }

  /** All messages or none. A server before 2.12 knows no batches: there what was stored of a failed one is deleted again. */
  async publish(bodies: readonly Uint8Array[]): Promise<void> {
    const size = this.#atomic ? MOST_IN_BATCH : 1;
    const stored: number[] = [];
    try {
      for (let from = 0; from < bodies.length; from += size) {
        stored.push(...(await this.#publishSome(bodies.slice(from, from + size))));
      }
    } catch (error) {
      await Promise.allSettled(stored.map((seq) => this.#jsm?.streams.deleteMessage(this.#stream, seq, false)));
      throw error;
    }
  }

  async #publishSome(bodies: readonly Uint8Array[]): Promise<number[]> {
    const last = bodies.at(-1) as Uint8Array;
    if (bodies.length === 1) {
      const { seq } = await this.#client().publish(this.subject, last, { timeout: this.#answerMs, retries: 0 });
      return [seq];
    }
    const id = randomUUID();
    const nc = this.#nc as NatsConnection;
    const head = (place: number) => {
      const fields = headers();
      fields.set('Nats-Batch-Id', id);
      fields.set('Nats-Batch-Sequence', String(place + 1));
      return fields;
    };
    for (const [place, body] of bodies.slice(0, -1).entries()) nc.publish(this.subject, body, { headers: head(place) });
    const commit = head(bodies.length - 1);
    commit.set('Nats-Batch-Commit', '1');
    const answer = await nc.request(this.subject, last, { headers: commit, timeout: this.#answerMs });
    const { error, seq } = answer.json<{ error?: { description: string }; seq: number }>();
    if (error) throw new Error(error.description);
    return bodies.map((_, place) => seq - place);
  }

  /** `gone`: finished, or deleted; `forgotten`: the server has never had a message so late, or has another one there. */
  async whereIs(seq: number, time: number): Promise<'there' | 'gone' | 'forgotten'> {
    const streams = this.#jsm?.streams;
    const stored = await streams?.getMessage(this.#stream, { seq });
    if (stored) return stored.time.getTime() === time ? 'there' : 'forgotten';
    const info = await streams?.info(this.#stream);
    return (info?.state.last_seq ?? 0) >= seq ? 'gone' : 'forgotten';
  }

  saveProgress(seq: number, done: Uint8Array): Promise<void> {
    return this.#keep(String(seq), done);
  }

  progress(seq: number): Promise<Uint8Array | undefined> {
    return this.#kept(String(seq));
  }

  forgetProgress(seq: number): Promise<void> {
    return this.#forget(String(seq));
  }

  /** What is noted of the deaths of instances with a message (death-note.ts): beside its progress. */
  async notes(seqs: readonly number[]): Promise<(string | undefined)[]> {
    const notes = await Promise.all(seqs.map((seq) => this.#kept(`deaths-${seq}`)));
    return notes.map((note) => note && Buffer.from(note).toString());
  }

  /** Undefined removes a note. */
  async note(notes: ReadonlyMap<number, string | undefined>): Promise<void> {
    await Promise.all(
      [...notes].map(([seq, note]) =>
        note === undefined ? this.#forget(`deaths-${seq}`) : this.#keep(`deaths-${seq}`, Buffer.from(note)),
      ),
    );
  }

  /** Stores a message where nothing is handed over from; the stream is made when there is something to store. */
  async storeAside(body: Uint8Array, about: Readonly<Record<string, string>>): Promise<void> {
    const subject = `${this.subject}.aside`;
    this.#asideStream ??= this.#ensureStream({
      name: `${this.#stream}-aside`,
      subjects: [subject],
      storage: StorageType.File,
      num_replicas: this.#names.replicas,
    });
    await this.#asideStream.catch((error) => {
      this.#asideStream = undefined;
      throw error;
    });
    const fields = headers();
    for (const [name, value] of Object.entries(about)) fields.set(`Martlet-${name}`, value);
    await this.#client().publish(subject, body, { headers: fields, timeout: this.#answerMs });
  }

  async #keep(name: string, value: Uint8Array): Promise<void> {
    await this.#client().publish(`${this.subject}.progress.${name}`, value, { timeout: this.#answerMs });
  }

  async #kept(name: string): Promise<Uint8Array | undefined> {
    const subject = `${this.subject}.progress.${name}`;
    const stored = await this.#jsm?.streams.getMessage(this.#progressStream, { last_by_subj: subject });
    return stored?.data;
  }

  async #forget(name: string): Promise<void> {
    await this.#jsm?.streams.purge(this.#progressStream, { filter: `${this.subject}.progress.${name}` });
  }

  async backlog(): Promise<Backlog> {
    if (!this.#jsm) throw new Error('not connected');
    const { state } = await this.#jsm.streams.info(this.#stream);
    return { messages: state.messages, oldestAt: state.messages > 0 ? Date.parse(state.first_ts) : undefined };
  }

  #client(): JetStreamClient {
    if (!this.#js) throw new Error('not connected');
    return this.#js;
  }

  async #ensureStream(config: Parameters<JetStreamManager['streams']['add']>[0]): Promise<void> {
    const streams = (this.#jsm as JetStreamManager).streams;
    try {
      await streams.add(config);
    } catch (error) {
      if (!IN_USE.has(codeOf(error))) throw error;
      // Made by an operator, with own limits or storage: it stays as it is, but for what the queue relies on.
      if (config.allow_atomic) await streams.update(config.name, { allow_atomic: true }).catch(() => {});
    }
  }

  /** One that waits for longer stays so: there may be instances that need it. */
  async #ensureConsumer(): Promise<void> {
    const consumers = (this.#jsm as JetStreamManager).consumers;
    const lease = nanos(this.#names.leaseMs);
    const changeable = { ack_wait: lease, max_deliver: -1, max_ack_pending: -1 };
    try {
      await consumers.add(this.#stream, {
        durable_name: this.#durable,
        ack_policy: AckPolicy.Explicit,
        ...changeable,
      });
    } catch (error) {
      if (!IN_USE.has(codeOf(error))) throw error;
      const { config } = await consumers.info(this.#stream, this.#durable);
      const ack_wait = Math.max(lease, config.ack_wait ?? 0);
      await consumers.update(this.#stream, this.#durable, { ...changeable, ack_wait });
    }
  }
}

const codeOf = (error: unknown): number => (error as { code?: number }).code ?? 0;
