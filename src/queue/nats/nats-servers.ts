export interface NatsServers {
  /** `host:port`, without credentials. */
  readonly servers: string[];
  readonly user?: string;
  readonly pass?: string;
  readonly token?: string;
  readonly tls: boolean;
}

/** The servers of a list; the client wants credentials apart from them. `nats://token@host` is a token, as in Go. */
export function natsServers(list: string): NatsServers {
  const urls = list
    .split(',')
    .map((address) => address.trim())
    .filter((address) => address !== '')
    .map((address) => new URL(address.includes('://') ? address : `nats://${address}`));
  const { username = '', password = '' } = urls.find((url) => url.username !== '') ?? {};
  const user = decodeURIComponent(username);
  return {
    servers: urls.map((url) => `${url.hostname}:${url.port || 4222}`),
    ...(user && password ? { user, pass: decodeURIComponent(password) } : {}),
    ...(user && !password ? { token: user } : {}),
    tls: urls.some((url) => url.protocol === 'tls:'),
  };
}
