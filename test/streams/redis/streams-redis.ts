import { randomUUID } from 'node:crypto';
import { StreamsRedis } from '../../../src/streams/redis/redis-server.ts';
import { redisSettings } from '../../queue/broker/real-brokers.ts';
import { type RunningProgram, startProgram } from '../../support/start-program.ts';

export interface StreamsRedisUnderTest {
  readonly program: RunningProgram;
  /** @param isNew on keys that no one else has; else on those of the last one */
  connect(isNew: boolean): Promise<StreamsRedis>;
  end(): Promise<void>;
}

/** A real Redis that keeps what it confirms, as docs/hub/streams.md wants it run. */
export async function startStreamsRedis(): Promise<StreamsRedisUnderTest> {
  const program = await startProgram('redis-server', (port, dir) =>
    ['--port', String(port), '--bind', '127.0.0.1', '--dir', dir].concat('--save', '', '--appendonly', 'yes'),
  );
  const open: StreamsRedis[] = [];
  let prefix = '';
  return {
    program,
    async connect(isNew) {
      if (isNew) prefix = `${randomUUID()}:`;
      const redis = await StreamsRedis.connect({ settings: redisSettings(program.addr, ''), prefix });
      open.push(redis);
      return redis;
    },
    async end() {
      for (const redis of open) redis.close();
      await program.end();
    },
  };
}
