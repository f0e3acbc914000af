import { addresses } from '../../kit/net/addresses.ts';

interface Stats {
  readonly topics?: readonly {
    readonly depth: number;
    readonly channels: readonly {
      readonly channel_name: string;
      readonly depth: number;
      readonly in_flight_count: number;
      readonly deferred_count: number;
    }[];
  }[];
}

const ANSWER_MS = 1000;

/** Unfinished messages, summed over all nsqd's, from their HTTP API. @throws when one does not answer. */
export async function nsqBacklog(settings: {
  readonly addr: string;
  readonly http_addr: string;
  readonly topic: string;
  readonly channel: string;
}): Promise<number> {
  const { addr, http_addr, topic, channel } = settings;
  const places = http_addr
    ? addresses(http_addr, 4151)
    : addresses(addr, 4150).map(({ host }) => ({ host, port: 4151 }));
  const counts = await Promise.all(
    places.map(async ({ host, port }) => {
      const name = host.includes(':') ? `[${host}]` : host;
      const url = `http://${name}:${port}/stats?format=json&topic=${encodeURIComponent(topic)}&include_clients=false`;
      const answer = await fetch(url, { signal: AbortSignal.timeout(ANSWER_MS) });
      if (!answer.ok) throw new Error(`${name}:${port} answers ${answer.status}`);
      return countOf((await answer.json()) as Stats, channel);
    }),
  );
  return counts.reduce((sum, count) => sum + count, 0);
}

function countOf({ topics = [] }: Stats, channel: string): number {
  let count = 0;
  for (const topic of topics) {
    count += topic.depth;
    for (const { channel_name, depth, in_flight_count, deferred_count } of topic.channels) {
      if (channel_name === channel) count += depth + in_flight_count + deferred_count;
    }
  }
  return count;
}
