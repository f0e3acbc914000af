/** What one reader has of a person's stream, and whether it is as promised: ids strictly rise, nothing twice, no reset. */
export class ReaderLog {
  readonly user: string;
  /** What is not as promised. */
  readonly broken: string[] = [];
  /** The events of the person so far, as this reader has them. */
  #names: string[] = [];
  #ids: string[] = [];
  #has = new Set<string>();
  readonly #taken: () => void;

  /** @param taken an event has come */
  constructor(user: string, taken: () => void) {
    this.user = user;
    this.#taken = taken;
  }

  /** The id after which the stream is to go on; empty: nothing has come yet. */
  get last(): string {
    return this.#ids.at(-1) ?? '';
  }

  get count(): number {
    return this.#names.length;
  }

  get names(): ReadonlySet<string> {
    return this.#has;
  }

  /** Id and name of each event, as all readers of a person must have them. */
  get text(): string {
    return this.#ids.map((id, index) => `${id} ${this.#names[index]}`).join('\n');
  }

  take(id: string, name: string): void {
    if (id <= this.last) this.broken.push(`${this.user}: ${id} came after ${this.last}`);
    if (this.#has.has(name)) this.broken.push(`${this.user}: ${name} came twice, the second time as ${id}`);
    this.#ids.push(id);
    this.#names.push(name);
    this.#has.add(name);
    this.#taken();
  }

  reset(payload: unknown): void {
    this.broken.push(`${this.user}: a reset after ${this.last}: ${JSON.stringify(payload)}`);
  }

  /** The client was killed: it knows what it had saved, and nothing after that. */
  forget(after: number): void {
    for (const name of this.#names.splice(after)) this.#has.delete(name);
    this.#ids.length = this.#names.length;
  }
}
