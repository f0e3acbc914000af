import { toError } from '../../kit/errors.ts';
import { deathsWith, handedBackNote, inHandNote, waitingNote } from './death-note.ts';

/** What keeps a note beside a message. */
export interface DeathNotes<Id> {
  notes(ids: readonly Id[]): Promise<readonly (string | undefined)[]>;
  /** Undefined removes a note. */
  note(notes: ReadonlyMap<Id, string | undefined>): Promise<void>;
}

/** The deaths of instances with the messages that are here (death-note.ts). Where notes cannot be read or written, they are not counted. */
export class MessageDeaths<Id> {
  readonly #notes: DeathNotes<Id>;
  readonly #cannot: (error: Error) => void;
  /** Of messages with a note, or with one to come. */
  readonly #counts = new Map<Id, number>();

  /** @param cannot hears each time that notes cannot be read, or not be written for what is handed back */
  constructor(notes: DeathNotes<Id>, cannot: (error: Error) => void = () => {}) {
    this.#notes = notes;
    this.#cannot = cannot;
  }

  of(id: Id): number | undefined {
    return this.#counts.get(id);
  }

  /** The instance that had these has died, or handed them back. @returns how many it died with */
  async count(ids: readonly Id[]): Promise<number> {
    const notes = await this.#notes.notes(ids).catch((error) => this.#cannot(toError(error)));
    if (!notes) return ids.length;
    for (const [at, id] of ids.entries()) this.#counts.set(id, deathsWith(notes[at]));
    await this.#note(ids, waitingNote).catch(() => {});
    for (const id of ids) if (this.#counts.get(id) === 0) this.#counts.delete(id);
    return ids.filter((id) => this.#counts.has(id)).length;
  }

  /** Whether another instance has counted since: it was handed the message. */
  async hasOther(id: Id): Promise<boolean> {
    const [note] = await this.#notes.notes([id]);
    const own = this.#counts.get(id) ?? 0;
    return note !== undefined && note !== waitingNote(own) && note !== inHandNote(own);
  }

  inHand(ids: readonly Id[]): Promise<void> {
    return this.#note(ids, inHandNote);
  }

  atRest(ids: readonly Id[]): Promise<void> {
    return this.#note(ids, waitingNote);
  }

  /** They are no longer here, and what is noted of them is another's. */
  forget(ids: readonly Id[]): void {
    for (const id of ids) this.#counts.delete(id);
  }

  async handedBack(ids: readonly Id[]): Promise<void> {
    await this.#note(ids, handedBackNote).catch((error) => this.#cannot(toError(error)));
    this.forget(ids);
  }

  async finished(ids: readonly Id[]): Promise<void> {
    const noted = ids.filter((id) => this.#counts.delete(id));
    await this.#note(noted, () => undefined);
  }

  async #note(ids: readonly Id[], of: (deaths: number) => string | undefined): Promise<void> {
    if (ids.length === 0) return;
    await this.#notes.note(new Map(ids.map((id) => [id, of(this.#counts.get(id) ?? 0)])));
  }
}
