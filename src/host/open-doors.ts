import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Auth } from '../auth/auth.ts';
import type { Config } from '../config/schema.ts';
import type { RunningGrpcServer } from '../grpc/start-grpc-server.ts';
import type { BodyRoom } from '../kit/http/body-room.ts';
import type { ConnectionRoom } from '../kit/net/connection-room.ts';
import { listenAddress } from '../kit/net/listen-address.ts';
import { toMs } from '../kit/seconds.ts';
import type { Log } from '../observe/log/log.ts';
import type { Tracing } from '../observe/tracing/tracing.ts';
import type { Outbound } from '../outbound/outbound.ts';
import type { ProviderTable } from '../providers/registry.ts';
import type { Accept } from '../relay/accept.ts';
import { createListener, type Listener, type ListenerOptions } from '../tls/create-listener.ts';
import { openRooms, roomsWanted } from './connection-rooms.ts';
import type { HttpApp } from './http-app.ts';

export interface OpenDoorsOptions {
  readonly config: Config;
  readonly log: Log;
  readonly app: Pick<HttpApp, 'listener' | 'administration' | 'direct'>;
  readonly relay: {
    readonly accept: Accept;
    readonly apps: { readonly providers: ProviderTable };
    readonly auth: Auth | undefined;
    readonly tracing: Tracing | undefined;
    readonly outbound: Pick<Outbound, 'dispatcher'>;
  };
  /** The room that request bodies share. */
  readonly bodies: BodyRoom;
  readonly ready: () => boolean;
  /** Requests for another protocol that callers may make; undefined: none. */
  readonly upgrades?: ((req: IncomingMessage) => boolean) | undefined;
}

/** Where requests come in: HTTP, its administration, gRPC. Those that the configuration does not ask for are absent. */
export interface Doors {
  readonly url: string | undefined;
  readonly port: number | undefined;
  readonly grpcPort: number | undefined;
  readonly adminUrl: string | undefined;
  /** Looks at certificate files at once. */
  reload(): void;
  /** From now on HTTP/1.1 connections end with their next answer. */
  retire(): void;
  /** Nothing new comes in; resolves when the last request has its answer. The same promise whenever it is called. */
  close(): Promise<void>;
  /** Cuts the HTTP connections that are left. */
  cut(): void;
}

const urlOf = (scheme: string, { address, family, port }: AddressInfo): string => {
  const host = address === '::' || address === '0.0.0.0' ? 'localhost' : address;
  return `${scheme}://${family === 'IPv6' && host.includes(':') ? `[${host}]` : host}:${port}`;
};

/** Opens the doors of the configuration. @throws ConfigError for a certificate that cannot be used; a listener's own error */
export async function openDoors(options: OpenDoorsOptions, closers: AsyncDisposableStack): Promise<Doors> {
  const { config, log, app, relay } = options;
  const listeners: Listener[] = [];
  const closing: (() => Promise<void>)[] = [];
  let closed: Promise<unknown> | undefined;
  const close = async (): Promise<void> => {
    closed ??= Promise.all(closing.map((closeOne) => closeOne()));
    await closed;
  };
  closers.defer(close);
  const rooms = openRooms(roomsWanted(config), log);
  const listener = (own: Pick<ListenerOptions, 'app' | 'direct' | 'room' | 'at' | 'source' | 'upgrades'>): Listener => {
    const { dispatcher } = relay.outbound;
    const opened = createListener({ config, log, dispatcher, ...own });
    listeners.push(opened);
    closing.push(() => opened.close());
    return opened;
  };
  const main = config.core.enabled
    ? listener({ app: app.listener, direct: app.direct, room: rooms.callers, upgrades: options.upgrades })
    : undefined;
  const adminPlace = listenAddress(config.core.admin_address);
  const at = adminPlace && { key: 'core.admin_address', ...adminPlace };
  const admin =
    app.administration && listener({ app: app.administration, at, source: main?.source, room: rooms.administration });
  const adminAddress = await admin?.listen();
  const address = await main?.listen();
  const grpc = config.grpc.enabled ? await openGrpcDoor(options, main, rooms.callers) : undefined;
  if (grpc) closing.push(() => grpc.close(toMs(config.core.shutdown_timeout)));
  return {
    url: main && address && urlOf(main.scheme, address),
    port: address?.port,
    grpcPort: grpc?.port,
    adminUrl: admin && adminAddress && urlOf(admin.scheme, adminAddress),
    reload() {
      for (const each of listeners) each.reload();
    },
    retire() {
      for (const each of listeners) each.retire();
    },
    close,
    cut() {
      for (const each of listeners) each.cut();
    },
  };
}

/** Loaded only where it is used: grpc-js costs memory and start time. */
async function openGrpcDoor(
  { config, log, relay, bodies, ready }: OpenDoorsOptions,
  main: Listener | undefined,
  room: ConnectionRoom,
): Promise<RunningGrpcServer> {
  const { openGrpc } = await import('../grpc/open-grpc.ts');
  return openGrpc({ config, relay, source: main?.source, ready, room, bodies, log });
}
