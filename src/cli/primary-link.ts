import { primaryChannel } from '../host/cluster/node-cluster.ts';
import { noSnapshot, type Snapshot } from '../host/cluster/totals.ts';
import { type ClusterWorker, joinCluster } from '../host/cluster/worker.ts';
import { background } from '../kit/background.ts';

/** What serves in this worker. */
export interface ServingWorker {
  readonly relay: { snapshot(): Promise<Snapshot> };
  readonly url: string | undefined;
  /** For SIGHUP. */
  readonly reload: () => void;
  readonly close: () => Promise<void>;
}

type State = { readonly kind: 'starting' } | { readonly kind: 'serving'; readonly serving: ServingWorker };

/**
 * A worker's link to its primary, which counts for all workers and says when to end: a signal to the whole group reaches workers,
 * too, and they leave it to the primary.
 *
 * - `starting`: there is nothing to count, and a stop ends the process at once.
 * - `serving`: from `serves` on. A stop drains the server before the process ends.
 */
export class PrimaryLink {
  readonly #worker: ClusterWorker;
  #state: State = { kind: 'starting' };

  /** @param exit ends the process */
  constructor({ reopenLog, exit }: { readonly reopenLog: () => void; readonly exit: () => void }) {
    this.#worker = joinCluster({
      channel: primaryChannel,
      snapshot: async () => this.#serving?.relay.snapshot() ?? noSnapshot,
      stop: () => background((this.#serving?.close() ?? Promise.resolve()).finally(exit)),
      reopen: () => {
        reopenLog();
        this.#serving?.reload();
      },
    });
  }

  get #serving(): ServingWorker | undefined {
    return this.#state.kind === 'serving' ? this.#state.serving : undefined;
  }

  /** What the server of a worker needs of the others. */
  get shared(): Pick<ClusterWorker, 'totals' | 'wakes'> & {
    readonly presenceChannel: ClusterWorker['presence'];
    readonly agreeOnToken: ClusterWorker['agree'];
  } {
    const { totals, wakes, presence, agree } = this.#worker;
    return { totals, wakes, presenceChannel: presence, agreeOnToken: agree };
  }

  serves(serving: ServingWorker): void {
    this.#setState({ kind: 'serving', serving });
    this.#worker.ready(serving.url);
  }

  /** The primary gets the last figures. */
  close(): Promise<void> {
    return this.#worker.close();
  }

  #setState(state: State): void {
    this.#state = state;
  }
}
