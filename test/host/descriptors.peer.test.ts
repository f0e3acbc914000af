import { connect, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { startRelay } from '../e2e/running-relay.ts';
import { freePort } from '../support/free-port.ts';
import { needs } from '../support/needs.ts';
import { until } from '../support/until.ts';

/** So many connections from now on, each opened again as soon as it is closed. @returns how many are open */
function storm(port: number, connections: number): () => number {
  const open = new Set<Socket>();
  let over = false;
  const one = (): void => {
    if (over) return;
    const socket = connect(port, '127.0.0.1');
    socket.on('connect', () => open.add(socket));
    socket.on('error', () => {});
    socket.on('close', () => {
      open.delete(socket);
      setTimeout(one, 20);
    });
  };
  for (let i = 0; i < connections; i++) one();
  onTestFinished(() => {
    over = true;
    for (const socket of open) socket.destroy();
  });
  return () => open.size;
}

const TOKEN = 'a1b2c3d4'.repeat(8);

test(
  'a relay that starts into a storm of connections with few file descriptors lives, and delivers',
  needs('linux'),
  async () => {
    const adminPort = await freePort();
    // Connections of the storm send nothing: each holds its place until it is closed for that.
    const core = { max_connections: 10_000, header_timeout: 1, admin_address: `127.0.0.1:${adminPort}` };
    await using relay = await startRelay({ core, log: { access_level: 'warning' } }, {}, undefined, {
      before: 'ulimit -n 256',
    });
    relay.child.kill('SIGKILL');
    await relay.ended();
    const port = Number(new URL(relay.url).port);
    const open = storm(port, 600);
    await relay.restart();
    await until(() => open() > 100);
    expect(relay.output()).toContain('of 10000 connections 192 are served at once');

    // What was never used in this process is loaded now: the key that signs, the library of the metrics.
    await until(async () => {
      const sent = relay.push({ platform: 1, topic: 'com.example.app', tokens: [TOKEN], message: 'x' });
      return sent.then(({ status }) => status === 200).catch(() => false);
    }, 'a push is taken in spite of the storm');
    await until(() => relay.sandbox.delivered() > 0, 'it is delivered');
    const metrics = await fetch(`http://127.0.0.1:${adminPort}/metrics`);
    expect(await metrics.text()).toContain('process_open_fds');
    expect(relay.output()).not.toContain('nothing handles');
    expect(relay.child.exitCode).toBeNull();
  },
);
