import { Resolver } from 'node:dns/promises';

export interface ResolvedAddress {
  readonly address: string;
  readonly family: number;
}

/** All addresses of a host name. Rejects with the error of DNS (`ENOTFOUND`, `ETIMEOUT`) when there are none. */
export type Resolve = (host: string) => Promise<readonly ResolvedAddress[]>;

export interface DnsResolveOptions {
  /** `address` or `address:port` each; default: those of the system. */
  readonly servers?: readonly string[];
  /** Milliseconds for each of two tries. */
  readonly timeoutMs?: number;
}

/**
 * Asks the name servers itself: the system's own lookup runs in the few threads that all other names are looked up in, too, and
 * a stranger's slow name server would hold up the connections to Apple and Google.
 */
export function createDnsResolve({ servers, timeoutMs = 3000 }: DnsResolveOptions = {}): Resolve {
  const resolver = new Resolver({ timeout: timeoutMs, tries: 2 });
  if (servers) resolver.setServers(servers);
  return async (host) => {
    const [v4, v6] = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)]);
    const ofFamily = (answer: PromiseSettledResult<string[]>, family: number): ResolvedAddress[] =>
      answer.status === 'fulfilled' ? answer.value.map((address) => ({ address, family })) : [];
    const addresses = [...ofFamily(v4, 4), ...ofFamily(v6, 6)];
    if (addresses.length === 0 && v4.status === 'rejected') throw v4.reason;
    return addresses;
  };
}
