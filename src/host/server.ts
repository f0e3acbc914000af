import type { AddressInfo } from 'node:net';
import type { RunningGrpcServer } from '../grpc/start-grpc-server.ts';
import { listenAddress } from '../kit/listen-address.ts';
import { createListener, type Listener } from '../tls/create-listener.ts';
import { createHttpApp, type HttpAppOptions, readyState } from './http-app.ts';
import { openRelayHost, type RelayHost } from './relay-host.ts';

export interface RunningServer {
  readonly host: RelayHost;
  /** Where HTTP is served; undefined with `core.enabled: false`. */
  readonly url: string | undefined;
  readonly port: number | undefined;
  readonly grpcPort: number | undefined;
  /** Where `core.admin_address` is served. */
  readonly adminUrl: string | undefined;
  /** Looks at certificate files at once, for SIGHUP. */
  reload(): void;
  /** Not ready any more, closed to new requests, drained as far as `core.shutdown_timeout` allows; the rest stays queued. */
  close(): Promise<void>;
}

const MS = 1000;
/** How long answers that are written may take to leave after everything is drained. */
const LAST_ANSWERS_MS = 1000;

const urlOf = (scheme: string, { address, family, port }: AddressInfo): string => {
  const host = address === '::' || address === '0.0.0.0' ? 'localhost' : address;
  return `${scheme}://${family === 'IPv6' && host.includes(':') ? `[${host}]` : host}:${port}`;
};

/** Builds the relay and listens. @throws ConfigError for a credential that cannot be used; a listener's own error. */
export async function startServer(options: HttpAppOptions): Promise<RunningServer> {
  const { config } = options;
  const host = await openRelayHost(options);
  let draining = false;
  const app = createHttpApp(host, options, () => draining);
  const ready = (): boolean => readyState(host, () => draining).status === 200;
  let grpc: RunningGrpcServer | undefined;
  let listener: Listener | undefined;
  let address: AddressInfo | undefined;
  let admin: Listener | undefined;
  let adminAddress: AddressInfo | undefined;
  try {
    const { dispatcher } = host.outbound;
    const common = { config, log: options.log, dispatcher };
    if (config.core.enabled) listener = createListener({ ...common, app: app.listener });
    if (app.administration) {
      const at = listenAddress(config.core.admin_address);
      admin = createListener({ ...common, app: app.administration, at, source: listener?.source });
      adminAddress = await admin.listen();
    }
    address = await listener?.listen();
    if (config.grpc.enabled) {
      // Loaded only where it is used: grpc-js costs memory and start time.
      const { openGrpc } = await import('../grpc/open-grpc.ts');
      grpc = await openGrpc({ config, relay: host, source: listener?.source, ready, log: options.log });
    }
  } catch (error) {
    await admin?.close();
    await listener?.close();
    app.close();
    await host.close();
    throw error;
  }
  const close = async (): Promise<void> => {
    draining = true;
    app.retire();
    listener?.retire();
    admin?.retire();
    await new Promise((resolve) => setTimeout(resolve, config.core.shutdown_delay * MS));
    const closed = Promise.all([listener?.close(), admin?.close(), grpc?.close(config.core.shutdown_timeout * MS)]);
    await host.drain(config.core.shutdown_timeout * MS);
    // Whoever still waits for an outcome is answered with what there is.
    host.relay.close();
    const last = setTimeout(() => {
      listener?.cut();
      admin?.cut();
    }, LAST_ANSWERS_MS);
    await closed;
    clearTimeout(last);
    app.close();
    await host.close();
  };
  return {
    host,
    url: listener && address && urlOf(listener.scheme, address),
    port: address?.port,
    grpcPort: grpc?.port,
    adminUrl: admin && adminAddress && urlOf(admin.scheme, adminAddress),
    reload() {
      listener?.reload();
      admin?.reload();
    },
    close,
  };
}
