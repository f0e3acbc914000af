import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/**
 * Where to look: below the ports that Linux gives to outgoing connections (net.ipv4.ip_local_port_range begins at 32,768), so that
 * none of those takes the port before the program that it is for. A node of a Redis Cluster also listens 10,000 above its port:
 * that is below 32,768 too, and above all ports that are given out here.
 */
const FIRST = 11_000;
const LAST = 21_000;

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const probe = createServer().once('error', () => resolve(false));
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  });

/** A port of loopback on which nothing listens: for programs that have to be given one. Our own servers listen on port 0. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(FIRST, LAST);
    if (await isFree(port)) return port;
  }
}
