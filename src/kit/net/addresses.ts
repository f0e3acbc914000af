import { isIP } from 'node:net';
import { listenHost } from './listen-address.ts';

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** The addresses of a list separated by commas: `host`, `host:port`, `[::1]:port`. */
export function addresses(list: string, defaultPort: number): Address[] {
  return list
    .split(',')
    .map((address) => address.trim())
    .filter((address) => address !== '')
    .map((address) => {
      const [, bracketed, plain, port] = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d+))?$/.exec(address) ?? [];
      // What is neither is an IPv6 address without brackets.
      const host = bracketed ?? plain ?? address;
      return { host: host || '127.0.0.1', port: port ? Number(port) : defaultPort };
    });
}

/** The first part of such a list that is no address; undefined when all are, and for an empty list. */
export function badAddress(list: string): string | undefined {
  const parts = list.split(',').map((part) => part.trim());
  return parts.find((part) => part !== '' && !isAddress(part));
}

function isAddress(text: string): boolean {
  if (isIP(text) === 6) return true;
  const [, host = '', port] = /^(\[[^\]]*\]|[^:]*)(?::(\d{1,5}))?$/.exec(text) ?? [];
  return (host !== '' || port !== undefined) && listenHost(host) !== undefined && Number(port ?? 1) <= 65_535;
}
