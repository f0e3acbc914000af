import type { FetchImplementation } from 'jose';
import type { Dispatcher } from 'undici';
import type { Config } from '../config/schema.ts';
import { undici } from '../kit/http/undici.ts';
import { isLoopback } from '../kit/net/loopback.ts';
import { Auth, type AuthOptions, isConfigured } from './auth.ts';

/** Who may call, as the configuration says; undefined: every client may. @param dispatcher carries requests for the keys of tokens */
export function openAuth(
  config: Pick<Config, 'auth'>,
  log: AuthOptions['log'],
  dispatcher: Dispatcher,
): Auth | undefined {
  if (!isConfigured(config.auth)) return undefined;
  const fetchKeys = async (url: string, options: object) => (await undici()).fetch(url, { ...options, dispatcher });
  return new Auth({ settings: config.auth, log, fetch: fetchKeys as unknown as FetchImplementation });
}

/** The warning for a server that every client on its network may use; undefined for any other. */
export function openDoorWarning({ auth, core, grpc }: Pick<Config, 'auth' | 'core' | 'grpc'>): string | undefined {
  if (isConfigured(auth)) return undefined;
  const certified = core.client_ca !== '';
  const isHttpOpen = core.enabled && !isLoopback(core.address) && !(certified && (core.ssl || core.auto_tls.enabled));
  // gRPC has TLS with core.ssl alone.
  const isGrpcOpen = grpc.enabled && !(certified && core.ssl);
  const open = [...(isHttpOpen ? ['HTTP'] : []), ...(isGrpcOpen ? ['gRPC'] : [])];
  if (open.length === 0) return undefined;
  const instead = grpc.enabled ? '' : ', or core.address: 127.0.0.1';
  return `every client that reaches this machine may send pushes (${open.join(' and ')}): set auth.keys${instead}`;
}
