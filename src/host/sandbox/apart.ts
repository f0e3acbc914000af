import { format, parse } from 'node:path';
import type { FullConfig } from '../../providers/registry.ts';

/** `data/hub.db` → `data/hub-sandbox.db`; memory stays memory. */
export function asideOf(path: string): string {
  if (path === '') return path;
  const { dir, name, ext } = parse(path);
  return format({ dir, name: `${name}-sandbox`, ext });
}

/**
 * What the sandbox keeps under names of its own: what waits at a broker, or in the hub's file, for real providers must not end at
 * simulated ones, nor people who were made for trying out among real ones.
 */
export const apart = ({ queue, hub }: Pick<FullConfig, 'queue' | 'hub'>): Pick<FullConfig, 'queue' | 'hub'> => ({
  queue: {
    ...queue,
    redis: { ...queue.redis, stream_name: `${queue.redis.stream_name}-sandbox` },
    nats: { ...queue.nats, subj: `${queue.nats.subj}-sandbox` },
    nsq: { ...queue.nsq, topic: queue.nsq.topic.replace(/^(.{1,47}).*?(#ephemeral)?$/, '$1-sandbox$2') },
  },
  hub: { ...hub, path: asideOf(hub.path) },
});
