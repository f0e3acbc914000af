import type { Auth } from '../auth/auth.ts';
import type { Config } from '../config/schema.ts';
import type { BodyRoom } from '../kit/http/body-room.ts';
import type { ConnectionRoom } from '../kit/net/connection-room.ts';
import { toMs } from '../kit/seconds.ts';
import type { Log } from '../observe/log/log.ts';
import type { Tracing } from '../observe/tracing/tracing.ts';
import type { ProviderTable } from '../providers/registry.ts';
import { jsonLimitsOf } from '../push/wire/json-limits.ts';
import type { Accept } from '../relay/accept.ts';
import type { CertificateSource } from '../tls/certificate-source.ts';
import { readClientCa } from '../tls/key-pair.ts';
import { openServerCredentials } from '../tls/server-credentials.ts';
import { gateOf } from './gate.ts';
import { type RunningGrpcServer, startGrpcServer } from './start-grpc-server.ts';
import type { GrpcTls } from './tls-credentials.ts';

export interface OpenGrpcOptions {
  readonly config: Pick<Config, 'core' | 'grpc' | 'queue'>;
  readonly relay: {
    readonly accept: Accept;
    readonly apps: { readonly providers: ProviderTable };
    readonly auth?: Auth | undefined;
    readonly tracing?: Tracing | undefined;
  };
  /** The certificate of the HTTP server, where there is one; gRPC shows the same and follows its changes. */
  readonly source: CertificateSource | undefined;
  readonly ready: () => boolean;
  /** Connections that it shares with other listeners; default: any number. */
  readonly room?: ConnectionRoom | undefined;
  /** The room that messages share with bodies of HTTP; default: any. */
  readonly bodies?: BodyRoom | undefined;
  readonly log: Log;
}

/** The gRPC face that the configuration asks for: everywhere on `grpc.port`, as Gorush; with TLS when `core.ssl` is on. */
export async function openGrpc(options: OpenGrpcOptions): Promise<RunningGrpcServer> {
  const { config, relay, ready, log } = options;
  const { core } = config;
  const source = core.ssl ? (options.source ?? openServerCredentials({ core, log })) : undefined;
  // There is no health check to spare here: grpc.health.v1 is asked by clients that have a certificate.
  const clientCa = source && core.client_ca !== '' ? { clientCa: readClientCa(core.client_ca) } : {};
  const tls = (): GrpcTls | undefined => source?.current && { ...source.current, ...clientCa };
  const first = tls();
  const server = await startGrpcServer({
    port: Number(config.grpc.port),
    address: '',
    accept: relay.accept,
    room: options.room,
    bodies: options.bodies,
    maxBody: core.max_body,
    providers: relay.apps.providers,
    jsonLimits: jsonLimitsOf(core),
    syncMs: core.sync && config.queue.engine === 'local' ? toMs(core.sync_timeout) : undefined,
    ready,
    gate: relay.auth && gateOf(relay.auth),
    audit: log.audit,
    tracing: relay.tracing,
    warn: (message) => log.warn(`grpc.port: ${message}`),
    onError: (error) => log.error(`a gRPC call failed: ${(error as Error)?.message}`),
    ...(first ? { tls: first } : {}),
  });
  source?.onChange(() => {
    const next = tls();
    if (next) server.replaceTls(next);
  });
  return {
    ...server,
    async close(graceMs) {
      await server.close(graceMs);
      if (source !== options.source) await source?.close();
    },
  };
}
