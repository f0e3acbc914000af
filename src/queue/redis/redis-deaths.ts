import { toError } from '../../kit/errors.ts';
import { deathsWith, handedBackNote, inHandNote, waitingNote } from '../broker/death-note.ts';
import type { RedisStream } from './redis-stream.ts';

/** The deaths of instances with the entries that are here (../broker/death-note.ts). A user that may not read the notes leaves them uncounted. */
export class RedisDeaths {
  readonly #stream: Pick<RedisStream, 'notes' | 'note'>;
  readonly #tell: (level: 'warn', message: string) => void;
  /** Of entries with a note, or with one to come. */
  readonly #counts = new Map<string, number>();
  /** The notes cannot be read or written, and a warning said so. */
  #isBlind = false;

  constructor(stream: Pick<RedisStream, 'notes' | 'note'>, tell: (level: 'warn', message: string) => void) {
    this.#stream = stream;
    this.#tell = tell;
  }

  of(id: string): number | undefined {
    return this.#counts.get(id);
  }

  /** The instance that had these has died, or handed them back. @returns how many it died with */
  async count(ids: readonly string[]): Promise<number> {
    const notes = await this.#stream.notes(ids).catch((error) => this.#cannot(toError(error)));
    if (!notes) return ids.length;
    for (const [at, id] of ids.entries()) this.#counts.set(id, deathsWith(notes[at]));
    await this.#note(ids, waitingNote).catch(() => {});
    for (const id of ids) if (this.#counts.get(id) === 0) this.#counts.delete(id);
    return ids.filter((id) => this.#counts.has(id)).length;
  }

  inHand(ids: readonly string[]): Promise<void> {
    return this.#note(ids, inHandNote);
  }

  atRest(ids: readonly string[]): Promise<void> {
    return this.#note(ids, waitingNote);
  }

  /** They are no longer here, and what is noted of them is another's. */
  forget(ids: readonly string[]): void {
    for (const id of ids) this.#counts.delete(id);
  }

  async handedBack(ids: readonly string[]): Promise<void> {
    await this.#note(ids, handedBackNote).catch((error) => this.#cannot(toError(error)));
  }

  async finished(ids: readonly string[]): Promise<void> {
    const noted = ids.filter((id) => this.#counts.delete(id));
    await this.#note(noted, () => undefined);
  }

  #cannot({ message }: Error): undefined {
    if (this.#isBlind) return;
    this.#isBlind = true;
    this.#tell('warn', `cannot count the instances that die with an entry: ${message}`);
  }

  async #note(ids: readonly string[], of: (deaths: number) => string | undefined): Promise<void> {
    if (ids.length === 0) return;
    await this.#stream.note(new Map(ids.map((id) => [id, of(this.#counts.get(id) ?? 0)])));
  }
}
