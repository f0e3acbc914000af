import { deathsWith, handedBackNote, inHandNote, waitingNote } from '../broker/death-note.ts';
import type { NatsStream } from './nats-stream.ts';

/** The deaths of instances with the messages that are here (../broker/death-note.ts), by the places of these in the stream. */
export class NatsDeaths {
  readonly #stream: Pick<NatsStream, 'noteOf' | 'note'>;
  /** Of messages with a note. */
  readonly #counts = new Map<number, number>();

  constructor(stream: Pick<NatsStream, 'noteOf' | 'note'>) {
    this.#stream = stream;
  }

  of(seq: number): number | undefined {
    return this.#counts.get(seq);
  }

  /** The instance that had it has died, or handed it back. Where notes cannot be read or written, it is not counted. */
  async count(seq: number): Promise<void> {
    try {
      const deaths = deathsWith(await this.#stream.noteOf(seq));
      this.#counts.set(seq, deaths);
      await this.#stream.note(seq, waitingNote(deaths));
      if (deaths === 0) this.#counts.delete(seq);
    } catch {
      // Not counted.
    }
  }

  /** Whether another instance has counted since: it was handed the message. */
  async hasOther(seq: number): Promise<boolean> {
    const note = await this.#stream.noteOf(seq);
    const own = this.#counts.get(seq) ?? 0;
    return note !== undefined && note !== waitingNote(own) && note !== inHandNote(own);
  }

  /** It is no longer here, and what is noted of it is another's. */
  forget(seq: number): void {
    this.#counts.delete(seq);
  }

  async inHand(seqs: readonly number[]): Promise<void> {
    await this.#note(seqs, inHandNote);
  }

  async atRest(seqs: readonly number[]): Promise<void> {
    await this.#note(seqs, waitingNote);
  }

  async handedBack(seq: number): Promise<void> {
    await this.#note([seq], handedBackNote).catch(() => {});
    this.#counts.delete(seq);
  }

  async finished(seqs: readonly number[]): Promise<void> {
    await this.#note(
      seqs.filter((seq) => this.#counts.delete(seq)),
      () => undefined,
    );
  }

  async #note(seqs: readonly number[], of: (deaths: number) => string | undefined): Promise<void> {
    await Promise.all(seqs.map((seq) => this.#stream.note(seq, of(this.#counts.get(seq) ?? 0))));
  }
}
