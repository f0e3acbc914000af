import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { freePort } from '../support/free-port.ts';
import { until } from '../support/until.ts';

export const CONFIG = fileURLToPath(new URL('../../deploy/haproxy.cfg', import.meta.url));

/** deploy/haproxy.cfg at work, with addresses of this test. */
export interface Balancer extends AsyncDisposable {
  readonly url: string;
  readonly grpcPort: number;
  /** Whether an instance gets requests. */
  isUp(instance: 'a' | 'b'): Promise<boolean>;
}

export interface Instance {
  /** `host:port` of HTTP and gRPC. */
  readonly http: string;
  readonly grpc?: string;
}

const NOWHERE = '127.0.0.1:1';

export async function startBalancer(a: Instance, b: Instance): Promise<Balancer> {
  const [http, grpc, stats] = await Promise.all([freePort(), freePort(), freePort()]);
  const child: ChildProcess = spawn('haproxy', ['-db', '-f', CONFIG], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      MARTLET_LB_HTTP: `127.0.0.1:${http}`,
      MARTLET_LB_GRPC: `127.0.0.1:${grpc}`,
      MARTLET_LB_STATS: `127.0.0.1:${stats}`,
      MARTLET_A_HTTP: a.http,
      MARTLET_A_GRPC: a.grpc ?? NOWHERE,
      MARTLET_B_HTTP: b.http,
      MARTLET_B_GRPC: b.grpc ?? NOWHERE,
    },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (output += chunk));
  const table = () =>
    fetch(`http://127.0.0.1:${stats}/;csv`).then(
      (answer) => answer.text(),
      () => undefined,
    );
  await until(async () => {
    if (child.exitCode !== null) throw new Error(`haproxy ended: ${output}`);
    return (await table()) !== undefined;
  }, 'haproxy listens');
  return {
    url: `http://127.0.0.1:${http}`,
    grpcPort: grpc,
    async isUp(instance) {
      const row = (await table())?.split('\n').find((line) => line.startsWith(`martlet,${instance},`));
      return row?.split(',')[17]?.startsWith('UP') ?? false;
    },
    async [Symbol.asyncDispose]() {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      if (child.exitCode === null && child.signalCode === null) await ended;
    },
  };
}
