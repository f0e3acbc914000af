import type { AddressInfo, Server } from 'node:net';
import { Throttle } from '../throttle.ts';

export interface BindOptions {
  readonly port: number;
  /** Empty: all addresses of both families, or of IPv4 alone where there is no IPv6. */
  readonly host: string;
  /** Something that an operator should know; at most once a minute. */
  readonly warn: (message: string) => void;
}

/**
 * Listens. Rejects with the system's error. From then on the server's errors are warnings: a connection that could not be taken (no
 * file descriptor is left) is no reason to end the process, and without a listener it would.
 */
export function bind(server: Server, { port, host, warn }: BindOptions): Promise<AddressInfo> {
  const throttle = new Throttle();
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, ...(host === '' ? {} : { host }) }, () => {
      server.off('error', reject);
      server.on('error', ({ message }) =>
        throttle.add('accept', 1, (count) => warn(`${count} connections could not be accepted: ${message}`)),
      );
      resolve(server.address() as AddressInfo);
    });
  });
}
