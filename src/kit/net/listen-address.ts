import { isIP } from 'node:net';

/** RFC 1123, and the underscore that many names have. */
const HOST_NAME = /^(?!.*\.\.)[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,251}[A-Za-z0-9_.])?$/;

/**
 * A host to listen on as Node takes it: an address, IPv6 with or without brackets and with a zone (`[fe80::1%eth0]`), or a name.
 * Undefined for anything else; empty: all interfaces.
 */
export function listenHost(text: string): string | undefined {
  const [, bracketed] = /^\[([^[\]]*)\]$/.exec(text) ?? [];
  if (bracketed !== undefined) return isIP(bracketed) === 6 ? bracketed : undefined;
  return text === '' || isIP(text) !== 0 || HOST_NAME.test(text) ? text : undefined;
}

/** A port as text, 0 to 65535. */
const isPort = (text: string): boolean => /^\d{1,5}$/.test(text) && Number(text) <= 65_535;

/** `host:port`, `[::1]:port`, `:port`; undefined for anything else. An empty host: all interfaces. */
export function listenAddress(text: string): { host: string; port: string } | undefined {
  const at = text.lastIndexOf(':');
  const [given, port] = [text.slice(0, Math.max(0, at)), text.slice(at + 1)];
  // Without brackets nothing tells the end of an IPv6 address from a port.
  if (at < 0 || !isPort(port) || (given.includes(':') && !given.startsWith('['))) return undefined;
  const host = listenHost(given);
  return host === undefined ? undefined : { host, port };
}
