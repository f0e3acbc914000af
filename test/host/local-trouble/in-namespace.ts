/**
 * Run in network and mount namespaces of its own (`unshare -mn`), where it may use up what the system has: prints what became of the
 * pushes, as JSON.
 */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NO_LOOKUP, type Suffered, suffer } from './all-providers.ts';

const PORT_RANGE = '/proc/sys/net/ipv4/ip_local_port_range';
/** Above those that the servers of the test have. */
const [FIRST, LAST] = [62_000, 62_001];

/** Every port that a connection could be made from has a listener. */
async function usePortsUp(): Promise<Suffered> {
  const held: Server[] = [];
  return suffer(
    async () => {
      writeFileSync(PORT_RANGE, `${FIRST} ${LAST}`);
      for (let port = FIRST; port <= LAST; port++) {
        const server = createServer().listen(port);
        await once(server, 'listening');
        held.push(server);
      }
    },
    () => {
      for (const server of held) server.close();
      writeFileSync(PORT_RANGE, '32768 60999');
    },
  );
}

/** The file of hosts is empty, and no name server is to be reached: there is no network. */
async function loseNames(): Promise<Suffered> {
  const folder = mkdtempSync(join(tmpdir(), 'martlet-names-'));
  const hosts = join(folder, 'hosts');
  const servers = join(folder, 'resolv.conf');
  writeFileSync(hosts, '127.0.0.1 localhost\n');
  writeFileSync(servers, 'nameserver 127.0.0.1\noptions timeout:1 attempts:1\n');
  execFileSync('mount', ['--bind', hosts, '/etc/hosts']);
  execFileSync('mount', ['--bind', servers, '/etc/resolv.conf']);
  try {
    return await suffer(
      () => writeFileSync(hosts, '\n'),
      () => writeFileSync(hosts, '127.0.0.1 localhost\n'),
      { spared: NO_LOOKUP },
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

console.log(JSON.stringify(await (process.argv[2] === 'ports' ? usePortsUp() : loseNames())));
