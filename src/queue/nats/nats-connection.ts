import { readFileSync } from 'node:fs';
import { connect, credsAuthenticator, type NatsConnection, type NodeConnectionOptions } from '@nats-io/transport-node';
import { backoff } from '../../kit/backoff.ts';
import { natsServers } from './nats-servers.ts';

/** Where a NATS is, and as whom to sign in. */
export interface NatsSettings {
  /** `host:port` or `nats://user:password@host:port`; several, separated by commas, are servers of one cluster. */
  readonly addr: string;
  readonly username: string;
  readonly password: string;
  readonly token: string;
  /** A .creds file, as `nsc` writes it. */
  readonly creds_path: string;
  readonly with_tls: boolean;
}

const reconnect = { firstMs: 200, maxMs: 5000 };

/** Connects once; a connection that was there is got back by the client itself, for ever. */
export function connectNats(settings: NatsSettings, ca: readonly string[], name: string): Promise<NatsConnection> {
  const { tls, ...servers } = natsServers(settings.addr);
  const { username, password, token, creds_path } = settings;
  let failures = 0;
  const options: NodeConnectionOptions = {
    ...servers,
    ...(username ? { user: username, pass: password } : {}),
    ...(token ? { token } : {}),
    ...(creds_path ? { authenticator: credsAuthenticator(readFileSync(creds_path)) } : {}),
    ...(settings.with_tls || tls ? { tls: ca.length > 0 ? { ca: ca.join('\n') } : {} } : {}),
    name,
    timeout: 2000,
    maxReconnectAttempts: -1,
    reconnectDelayHandler: () => 50 + backoff(failures++ % 10, reconnect),
    ignoreAuthErrorAbort: true,
    pingInterval: 4000,
    maxPingOut: 2,
  };
  return connect(options);
}
