import type { Backlog, Broker, BrokerEvents, BrokerMessage } from '../../../src/queue/broker/broker.ts';

/** A broker in memory, in the order of first come, first served: what is handed back comes again behind what waits. */
export class ScriptedBroker implements Broker {
  readonly name = 'scripted';
  readonly touchMs = 1000;
  /** Unfinished messages. */
  readonly kept = new Map<string, Uint8Array>();
  handedBack = 0;
  readonly #waiting: string[] = [];
  #events: BrokerEvents | undefined;
  #wanted = 0;
  #nextId = 1;

  start(events: BrokerEvents): void {
    this.#events = events;
    events.up();
  }

  goAway(why: string): void {
    this.#events?.down(why);
  }

  comeBack(): void {
    this.#events?.up();
  }

  async publish(bodies: readonly Uint8Array[]): Promise<void> {
    for (const body of bodies) this.put(body);
  }

  put(body: Uint8Array): void {
    const id = String(this.#nextId++);
    this.kept.set(id, body);
    this.#waiting.push(id);
    this.#hand();
  }

  want(count: number): void {
    this.#wanted = count;
    this.#hand();
  }

  async stop(): Promise<void> {
    this.#wanted = 0;
  }

  async finish(ids: readonly string[]): Promise<void> {
    for (const id of ids) this.kept.delete(id);
  }

  /** Another instance has settled the oldest ones that were handed to none. */
  finishElsewhere(count: number): void {
    for (const id of this.#waiting.splice(0, count)) this.kept.delete(id);
  }

  async touch(): Promise<void> {}

  async handBack(id: string): Promise<void> {
    this.handedBack++;
    this.#waiting.push(id);
  }

  async setAside(): Promise<void> {}

  async backlog(): Promise<Backlog> {
    return { messages: this.kept.size };
  }

  async close(): Promise<void> {}

  #hand(): void {
    while (this.#wanted > 0 && this.#waiting.length > 0) {
      this.#wanted--;
      const id = this.#waiting.shift() as string;
      const message: BrokerMessage = { id, body: this.kept.get(id) as Uint8Array, at: 0 };
      this.#events?.message(message);
    }
  }
}
