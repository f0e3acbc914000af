import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { makeAuthority } from '../../src/sandbox/certificates.ts';
import type { Behaviour, HookBehaviour, PeerAddresses, PeerCommand, PeerCounts } from './peer-messages.ts';

/** The test's end of `peer.ts`. */
export class Peer {
  readonly addresses: PeerAddresses;
  /** PEM of the authority that its servers are signed by. */
  readonly ca: string;
  readonly #child: ChildProcess;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(child: ChildProcess, addresses: PeerAddresses, ca: string) {
    this.#child = child;
    this.addresses = addresses;
    this.ca = ca;
  }

  behave(server: 'apns' | 'fcm', behaviour: Behaviour): Promise<unknown> {
    return this.#tell({ kind: 'behave', server, behaviour });
  }

  hook(behaviour: HookBehaviour): Promise<unknown> {
    return this.#tell({ kind: 'hook', behaviour });
  }

  port(open: boolean): Promise<unknown> {
    return this.#tell({ kind: 'port', open });
  }

  read(): Promise<PeerCounts> {
    return this.#tell({ kind: 'read' }) as Promise<PeerCounts>;
  }

  /** Stands still, with all its connections, for `ms`. */
  async freeze(ms: number): Promise<void> {
    this.#child.kill('SIGSTOP');
    await new Promise((resolve) => setTimeout(resolve, ms));
    this.#child.kill('SIGCONT');
  }

  async close(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await exited;
  }

  #tell(command: PeerCommand): Promise<unknown> {
    const answer = this.#turn.then(async () => {
      const heard = once(this.#child, 'message');
      this.#child.send(command);
      return (await heard)[0] as unknown;
    });
    this.#turn = answer.catch(() => {});
    return answer;
  }
}

export async function startPeer(seed: number): Promise<Peer> {
  const authority = makeAuthority();
  const { cert, key } = authority.leaf(['localhost', '127.0.0.1']);
  const child = fork(new URL('./peer.ts', import.meta.url), {
    env: { ...process.env, CHAOS_CERT: cert, CHAOS_KEY: key, CHAOS_SEED: String(seed) },
    execArgv: [],
    serialization: 'advanced',
  });
  const [addresses] = (await once(child, 'message')) as [PeerAddresses];
  return new Peer(child, addresses, authority.ca);
}
