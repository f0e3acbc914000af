import cluster, { type Worker } from 'node:cluster';
import type { ToPrimary, ToWorker } from './messages.ts';
import type { WorkerProcess } from './primary.ts';
import type { WorkerChannel } from './worker.ts';

/** A worker that runs the same command line. What is sent to one that has gone is dropped. */
export function forkWorker(): WorkerProcess {
  const worker: Worker = cluster.fork();
  // `send` fails by event when the worker goes meanwhile; its exit tells all that matters.
  worker.on('error', () => {});
  return {
    send: (message: ToWorker) => void (worker.isConnected() && worker.send(message)),
    onMessage: (listener) => void worker.on('message', (message: ToPrimary) => listener(message)),
    onExit: (listener) =>
      void worker.on('exit', (code, signal) => listener(signal ? `signal ${signal}` : `exit code ${code}`)),
  };
}

/** The channel of this process to its primary. */
export const primaryChannel: WorkerChannel = {
  send: (message) =>
    new Promise((resolve) => {
      if (process.connected && process.send) process.send(message, undefined, undefined, () => resolve());
      else resolve();
    }),
  onMessage: (listener) => void process.on('message', (message: ToWorker) => listener(message)),
};
