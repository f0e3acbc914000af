import type { SignedToken } from '../../carrier/provider-row.ts';
import { background } from '../../kit/background.ts';
import type { PresenceAnswer, PresenceChannel } from '../../streams/presence/presence-call.ts';
import type { WakeChannel } from '../../streams/router/channel-router.ts';
import type { ToPrimary, ToWorker } from './messages.ts';
import type { Snapshot, Totals } from './totals.ts';

export interface WorkerChannel {
  /** Resolves when the message is on its way: a process that ends before loses it. */
  send(message: ToPrimary): Promise<void>;
  onMessage(listener: (message: ToWorker) => void): void;
}

export interface WorkerOptions {
  readonly channel: WorkerChannel;
  readonly snapshot: () => Promise<Snapshot>;
  readonly stop: () => void;
  readonly reopen: () => void;
}

export interface ClusterWorker {
  /** Tells the primary that this worker serves. */
  ready(url: string | undefined): void;
  /** The sum over all workers, as the primary knows it. */
  totals(): Promise<Totals>;
  /** The provider token of a key that all workers use; our own where the primary does not answer. */
  agree(name: string, offer: SignedToken, refused: string | undefined): Promise<SignedToken>;
  /** To all other workers, and from them. */
  readonly wakes: WakeChannel;
  /** To the primary, which knows who is connected to any worker. */
  readonly presence: PresenceChannel;
  /**
   * Call when all ports are closed. Waits until the primary hands out no more connections to this process, and tells it the last figures.
   */
  close(): Promise<void>;
}

/** How often the primary gets the counts unasked: a worker that is killed takes at most this much of its counts with it. */
const TELL_MS = 250;
/** Of many apps there is much to tell: less often then, after a pause of so many times what it took. */
const PAUSE_FACTOR = 10;
const LONGEST_PAUSE_MS = 5000;
/** How long pushes wait for the primary to say which provider token all workers use. */
const AGREE_MS = 1000;

function wakesOver(channel: WorkerChannel): { readonly wakes: WakeChannel; readonly hear: (text: string) => void } {
  let listener: (text: string) => void = () => {};
  return {
    hear: (text) => listener(text),
    wakes: {
      send: (text) => channel.send({ type: 'wake', text }),
      listen(hear) {
        listener = hear;
      },
    },
  };
}

function presenceOver(channel: WorkerChannel) {
  let listener: (answers: readonly PresenceAnswer[]) => void = () => {};
  const presence: PresenceChannel = {
    send: (calls) => channel.send({ type: 'presence', calls }),
    listen(hear) {
      listener = hear;
    },
  };
  return { presence, answered: (answers: readonly PresenceAnswer[]) => listener(answers) };
}

function tokensOver(channel: WorkerChannel) {
  const offered = new Map<number, (token: SignedToken) => void>();
  let next = 1;
  const agree: ClusterWorker['agree'] = (name, offer, refused) =>
    new Promise((resolve) => {
      const id = next++;
      const done = (token: SignedToken): void => {
        clearTimeout(late);
        offered.delete(id);
        resolve(token);
      };
      const late = setTimeout(() => done(offer), AGREE_MS);
      offered.set(id, done);
      background(channel.send({ type: 'token?', id, name, offer, refused }));
    });
  return { agree, agreed: (id: number, token: SignedToken) => offered.get(id)?.(token) };
}

/** A worker's side of the channel to the primary. */
export function joinCluster({ channel, snapshot, stop, reopen }: WorkerOptions): ClusterWorker {
  const asked = new Map<number, (totals: Totals) => void>();
  const left = Promise.withResolvers<void>();
  const { wakes, hear } = wakesOver(channel);
  const { presence, answered } = presenceOver(channel);
  const { agree, agreed } = tokensOver(channel);
  let next = 1;
  let told = '';
  let notBefore = 0;

  const tellNow = async (id: number): Promise<void> => {
    const begun = performance.now();
    const current = await snapshot();
    const seen = JSON.stringify([current.counts, current.tasks]);
    if (id === 0 && seen === told) return;
    told = seen;
    await channel.send({ type: 'snapshot', id, snapshot: current });
    const ended = performance.now();
    notBefore = ended + Math.min(LONGEST_PAUSE_MS, (ended - begun) * PAUSE_FACTOR);
  };
  /** The primary goes on with the last figures; the next time may succeed. */
  const untold = (): void => {};
  let telling = Promise.resolve();
  /** One after the other: figures that are older must not come last. */
  const tell = (id: number): Promise<void> => {
    const turn = telling.then(() => tellNow(id));
    telling = turn.catch(untold);
    return turn;
  };
  const leave = async (): Promise<void> => {
    await channel.send({ type: 'leaving' });
    await left.promise;
  };
  const timer = setInterval(() => {
    if (performance.now() >= notBefore) background(tell(0), untold);
  }, TELL_MS);
  timer.unref();

  channel.onMessage((message) => {
    if (message.type === 'snapshot?') background(tell(message.id), untold);
    else if (message.type === 'totals') {
      asked.get(message.id)?.(message.totals);
      asked.delete(message.id);
    } else if (message.type === 'left') left.resolve();
    else if (message.type === 'token') agreed(message.id, message.token);
    else if (message.type === 'wake') hear(message.text);
    else if (message.type === 'presence') answered(message.answers);
    else if (message.type === 'stop') stop();
    else reopen();
  });
  return {
    ready: (url) => background(channel.send({ type: 'ready', url })),
    totals: () =>
      new Promise((resolve) => {
        const id = next++;
        asked.set(id, resolve);
        background(channel.send({ type: 'totals?', id }));
      }),
    agree,
    wakes,
    presence,
    async close() {
      clearInterval(timer);
      // Connections that were on their way have come back to the primary by then: it gives them to others.
      await leave();
      told = '';
      await tell(0);
    },
  };
}
