import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SeededRandom } from '../simulation/seeded-random.ts';
import { Client, type PostedPush } from './client.ts';
import { type RelayOptions, RelayProcess } from './relay-process.ts';
import { settle } from './settle.ts';
import { type Peer, startPeer } from './start-peer.ts';
import { queuedIn, type Tally, tallyOf } from './tally.ts';
import { deadTarget, liveTarget } from './targets.ts';

/** Everything that one scenario has: the world around the relay, the relay as a process, and a back end that posts. */
export class World {
  readonly peer: Peer;
  readonly relay: RelayProcess;
  readonly client: Client;
  readonly random: SeededRandom;
  /** Further processes that pushes are sent to. */
  readonly #others: readonly Peer[];
  readonly #folder: string;
  #index = 0;

  private constructor(
    peer: Peer,
    relay: RelayProcess,
    { folder, seed, others }: { folder: string; seed: number; others: readonly Peer[] },
  ) {
    this.peer = peer;
    this.#others = others;
    this.relay = relay;
    this.client = new Client(relay.url);
    this.random = new SeededRandom(seed);
    this.#folder = folder;
  }

  /** @param others peers besides its own, which it closes, too. */
  static async open(
    seed: number,
    options: Omit<RelayOptions, 'peer' | 'folder'> = {},
    others: readonly Peer[] = [],
  ): Promise<World> {
    const folder = mkdtempSync(join(tmpdir(), 'martlet-chaos-'));
    const peer = await startPeer(seed);
    try {
      const relay = await RelayProcess.start({ ...options, peer, folder });
      return new World(peer, relay, { folder, seed, others });
    } catch (error) {
      for (const each of [peer, ...others]) await each.close();
      throw error;
    }
  }

  /** Targets that no push has had before; of these a share is dead. */
  targets(count: number, deadShare = 0): PostedPush[] {
    return Array.from({ length: count }, () => {
      const index = this.#index++;
      return { index, target: this.random.chance(deadShare) ? deadTarget(index) : liveTarget(index) };
    });
  }

  async tally(queued?: ReadonlySet<number>): Promise<Tally> {
    const own = await this.peer.read();
    const delivered = [...own.delivered];
    const reported = [...own.reported];
    for (const other of this.#others) {
      const further = await other.read();
      add(delivered, further.delivered);
      add(reported, further.reported);
    }
    return tallyOf(this.client, { delivered, reported }, queued);
  }

  /** Waits until nothing is left to do (settle.ts). */
  settled(): Promise<Tally> {
    return settle(this.relay, () => this.tally());
  }

  /** Ends the relay in order, and counts what its queue still holds. */
  async stop(): Promise<{ tally: Tally; exitCode: number | undefined }> {
    const exitCode = await this.relay.end();
    return { tally: await this.tally(queuedIn(this.relay.queuePath)), exitCode };
  }

  async close(): Promise<void> {
    await this.client.close();
    await this.relay.end('SIGKILL');
    for (const peer of [this.peer, ...this.#others]) await peer.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

function add(sum: number[], further: Uint8Array): void {
  further.forEach((times, index) => {
    sum[index] = (sum[index] ?? 0) + times;
  });
}
