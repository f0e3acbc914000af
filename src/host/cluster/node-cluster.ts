import cluster, { type Worker } from 'node:cluster';
import { isSea } from 'node:sea';
import { closeWhatIsHandedToTheDead } from './handed-connections.ts';
import type { ToPrimary, ToWorker } from './messages.ts';
import type { WorkerProcess } from './primary.ts';
import type { WorkerChannel } from './worker.ts';

/** A worker that runs the same command line. What is sent to one that has gone is dropped. */
export function forkWorker(): WorkerProcess {
  // The executable has its flags in it, and would take them for words of ours.
  if (isSea()) cluster.setupPrimary({ execArgv: [] });
  const worker: Worker = cluster.fork();
  closeWhatIsHandedToTheDead(worker.process);
  // `send` fails by event when the worker goes meanwhile; its exit tells all that matters.
  worker.on('error', () => {});
  return {
    send(message: ToWorker, sent = () => {}) {
      if (worker.isConnected()) worker.send(message, undefined, undefined, sent);
      else sent();
    },
    onMessage: (listener) => void worker.on('message', (message: ToPrimary) => listener(message)),
    onExit: (listener) => whenGone(worker, listener),
  };
}

/** The exit may be noticed before the last messages are read: a worker is gone when its channel is at its end as well. */
function whenGone(worker: Worker, listener: (how: string) => void): void {
  let how: string | undefined;
  let isDrained = false;
  const look = (): void => {
    if (how !== undefined && isDrained) listener(how);
  };
  worker.on('disconnect', () => {
    isDrained = true;
    look();
  });
  worker.on('exit', (code, signal) => {
    how = signal ? `signal ${signal}` : `exit code ${code}`;
    look();
  });
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
