import { connect, type NatsConnection } from '@nats-io/transport-node';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { instanceName } from '../../../src/queue/nats/nats-instances.ts';
import { NatsStream } from '../../../src/queue/nats/nats-stream.ts';
import { NatsTakeover } from '../../../src/queue/nats/nats-takeover.ts';
import { needs } from '../../support/needs.ts';
import type { RunningProgram } from '../../support/start-program.ts';
import { until } from '../../support/until.ts';
import { brokers } from '../broker/real-brokers.ts';

const LEASE_MS = 5000;
const CLAIM_MS = 30_000;

describe('the wait of the NATS server', needs('nats-server'), () => {
  let broker: RunningProgram;
  let serial = 0;

  beforeAll(async () => {
    broker = await brokers.nats.start();
  });
  afterAll(async () => broker?.end());

  async function join(subject: string, name: string): Promise<NatsConnection> {
    const nc = await connect({ servers: broker.addr, name });
    onTestFinished(() => nc.close());
    nc.subscribe(subject, { queue: 'gorush', callback: () => {} });
    await nc.flush();
    return nc;
  }

  async function instance(subject: string, leaseMs = LEASE_MS) {
    const nc = await join(subject, instanceName(leaseMs, 'host-1'));
    const stream = new NatsStream({ subj: subject, queue: 'gorush', replicas: 1, leaseMs });
    await stream.ensure(nc);
    const told: string[] = [];
    const takeover = new NatsTakeover({
      stream,
      subject,
      leaseMs,
      claimMs: CLAIM_MS,
      tell: (_, message) => told.push(message),
      now: () => performance.now(),
    });
    onTestFinished(() => takeover.close());
    takeover.connected(nc, false);
    return { stream, takeover, told };
  }

  test('is the lease, where there were none but instances that hold one', async () => {
    const { stream, takeover } = await instance(`wait-${++serial}`);
    await takeover.look();
    expect(await stream.ackWaitMs()).toBe(LEASE_MS);
  });

  test('stays as it was while an instance of before is there, and becomes the lease when the last of them is gone', async () => {
    const subject = `wait-${++serial}`;
    const old = await join(subject, 'martlet-host-1');
    await new NatsStream({ subj: subject, queue: 'gorush', replicas: 1, leaseMs: CLAIM_MS }).ensure(old);
    const { stream, takeover } = await instance(subject);
    await takeover.look();
    expect(await stream.ackWaitMs()).toBe(CLAIM_MS);
    await old.close();
    await until(async () => {
      await takeover.look();
      return (await stream.ackWaitMs()) === LEASE_MS;
    }, 'it is the lease');
  });

  test('after a lost connection what comes again is left for a while to those that had it, at the start it is not', async () => {
    const subject = `wait-${++serial}`;
    const { takeover } = await instance(subject);
    expect(takeover.isPatient).toBe(false);
    takeover.connected(await join(subject, instanceName(LEASE_MS, 'host-1')), true);
    expect(takeover.isPatient).toBe(true);
  });

  test('those that are gone are named', async () => {
    const subject = `wait-${++serial}`;
    const other = await join(subject, instanceName(LEASE_MS, 'host-2'));
    const { takeover } = await instance(subject);
    await takeover.look();
    await other.close();
    const gone = new Set<string>();
    await until(async () => {
      for (const name of await takeover.look()) gone.add(name);
      return gone.size > 0;
    }, 'one is gone');
    expect([...gone]).toEqual([instanceName(LEASE_MS, 'host-2')]);
  });
});
