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
