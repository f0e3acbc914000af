import type { ChildProcess } from 'node:child_process';
import { isObject } from '../../kit/is-object.ts';

/** What node:cluster sends with a connection, and the worker's word that it has it or does not want it. */
interface ClusterMessage {
  readonly cmd: 'NODE_CLUSTER';
  readonly act?: string;
  readonly seq?: number;
  readonly ack?: number;
}

const isOfCluster = (message: unknown): message is ClusterMessage =>
  isObject(message) && message.cmd === 'NODE_CLUSTER';

/**
 * A worker that is killed may have a connection on its way to it, which nothing answers then. Node would keep that connection open for
 * ever, and would never say that the worker is disconnected: it waits for the word of the worker first
 * (`_handleQueue` in https://github.com/nodejs/node/blob/v26.x/lib/internal/child_process.js). So once the channel is at its end, such
 * connections are closed, and `disconnect` is said.
 */
export function closeWhatIsHandedToTheDead(worker: ChildProcess): void {
  const handed = new Map<number, { close(): void }>();
  const send = worker.send.bind(worker) as (...args: unknown[]) => boolean;
  worker.send = (message: unknown, handle?: unknown, ...more: unknown[]): boolean => {
    if (isOfCluster(message) && message.act === 'newconn' && message.seq !== undefined && handle)
      handed.set(message.seq, handle as { close(): void });
    return send(message, handle, ...more);
  };
  worker.on('internalMessage', (message: unknown) => {
    if (isOfCluster(message) && message.ack !== undefined) handed.delete(message.ack);
  });
  let isDisconnected = false;
  worker.once('disconnect', () => {
    isDisconnected = true;
    for (const connection of handed.values()) connection.close();
    handed.clear();
  });
  // Node calls this at the end of the channel.
  const disconnect = worker.disconnect.bind(worker);
  worker.disconnect = () => {
    disconnect();
    // What was read before is still to be heard.
    setImmediate(() => !isDisconnected && worker.emit('disconnect'));
  };
}
