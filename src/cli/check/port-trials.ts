import { createServer } from 'node:net';
import { bind } from '../../kit/net/bind.ts';
import { listenAddress } from '../../kit/net/listen-address.ts';
import { portError } from '../../kit/net/port-error.ts';
import type { FullConfig } from '../../providers/registry.ts';
import { ping } from '../ping.ts';
import { Doubt, type Trial } from './trial.ts';

interface Place {
  readonly key: string;
  readonly host: string;
  readonly port: number;
}

async function mustBeFree({ key, host, port }: Place, isServed: () => Promise<boolean>): Promise<string> {
  const server = createServer();
  try {
    await bind(server, { host, port, warn: () => {} });
    return `${port} is free`;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE' && (await isServed()))
      throw new Doubt(`${port} is taken by a relay that is running: a second start would fail`);
    throw portError({ key, port }, error);
  } finally {
    server.close();
  }
}

/** The ports of the configuration are free. One that is held by a relay is no failure: this is asked beside a running one, too. */
export function portTrials(config: FullConfig): Trial[] {
  const { core, grpc } = config;
  let served: Promise<boolean> | undefined;
  const isServed = (): Promise<boolean> => (served ??= ping(config));
  const admin = core.admin_address === '' ? undefined : listenAddress(core.admin_address);
  const [key, port] = core.auto_tls.enabled ? ['core.auto_tls.port', core.auto_tls.port] : ['core.port', core.port];
  const places: Place[] = [
    ...(core.enabled ? [{ key, host: core.address, port: Number(port) }] : []),
    ...(admin ? [{ key: 'core.admin_address', host: admin.host, port: Number(admin.port) }] : []),
    ...(grpc.enabled ? [{ key: 'grpc.port', host: '', port: Number(grpc.port) }] : []),
  ];
  return places.map((place) => ({ key: place.key, look: () => mustBeFree(place, isServed) }));
}
