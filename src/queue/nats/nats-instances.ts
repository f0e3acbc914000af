import type { NatsConnection } from '@nats-io/transport-node';

/** Connections in one answer of a server: more than instances can be. */
const MOST = 1024;
const ANSWER_MS = 1000;
const OURS = 'martlet-';
const WITH_LEASE = /^martlet-lease(\d+)-/;

/** The name of a connection says how long its instance may be silent: instances of before do not say so. */
export const instanceName = (leaseMs: number, rest: string): string => `${OURS}lease${Math.round(leaseMs)}-${rest}`;

/**
 * How long the server has to wait for a word about a message, so that no instance loses what it has while it lives.
 * @param claimMs for instances of before, which say something about a message in a third of that
 */
export function waitFor(names: readonly string[], claimMs: number): number {
  return Math.max(...names.map((name) => Number(WITH_LEASE.exec(name)?.[1] ?? claimMs)));
}

interface Connz {
  readonly data?: { readonly connections: readonly { readonly name?: string }[] };
}

/** The names of the instances that are connected and listen to `subject`, at all servers; undefined when the servers do not tell. */
export async function instancesOn(nc: NatsConnection, subject: string): Promise<string[] | undefined> {
  const names: string[] = [];
  try {
    const question = JSON.stringify({ filter_subject: subject, limit: MOST });
    const answers = await nc.requestMany('$SYS.REQ.ACCOUNT.PING.CONNZ', question, {
      maxWait: ANSWER_MS,
      strategy: 'timer',
    });
    for await (const answer of answers) {
      const { data } = answer.json<Connz>();
      if (!data || data.connections.length >= MOST) return undefined;
      for (const { name } of data.connections) if (name?.startsWith(OURS)) names.push(name);
    }
  } catch {
    return undefined;
  }
  return names.length > 0 ? names : undefined;
}
