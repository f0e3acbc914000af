import { ConfigError, toError } from '../errors.ts';

export interface PortPlace {
  /** The setting that names it. */
  readonly key: string;
  readonly port: number;
}

/** What is wrong with a port, and the way out, without what the system says. */
function trouble({ key, port }: PortPlace, { code }: NodeJS.ErrnoException): string | undefined {
  if (code === 'EADDRINUSE')
    return `${port} is taken by another program: end it (lsof -i :${port} names it), or set ${key} to a free port`;
  if (code === 'EACCES')
    return `${port} is not for this user: give a port above 1023, or the right to bind it (CAP_NET_BIND_SERVICE)`;
  if (code === 'EADDRNOTAVAIL') return `${port} cannot be bound: the address is not one of this machine`;
  if (code === 'ENOTFOUND') return `${port} cannot be bound: the name of the address is unknown`;
  return undefined;
}

/** Why a port cannot be listened on: the setting, what to do, and in parentheses the system's own words. */
export function portError(place: PortPlace, thrown: unknown): ConfigError {
  const error = toError(thrown);
  const plain = trouble(place, error);
  const text = plain ? `${plain} (${error.message})` : `cannot listen on ${place.port}: ${error.message}`;
  return new ConfigError(place.key, text, { cause: error });
}
