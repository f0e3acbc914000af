/** Names of apps have no slash. */
const PREFIX = 'sink/';

/** By which a sink's queue is known among those of the hooks. */
export const sinkQueue = (sink: string): string => PREFIX + sink;

/** @returns the sink whose queue it is; undefined: it is the hook of an app */
export const sinkOf = (queue: string): string | undefined =>
  queue.startsWith(PREFIX) ? queue.slice(PREFIX.length) : undefined;
